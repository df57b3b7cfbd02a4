"""The page of a joint review: what each side sees and may do."""

from django.urls import reverse

from handoff_project.tests.portal.conftest import text
from reporting.models import JointReview


def page(reader):
    return text(reader.get("portal:joint-review", 1))


def judge(reader, **said):
    url = reverse("portal:joint-review-verdict", args=[1, 0])
    return reader.client.post(url, said, follow=True)


def test_both_sides_judge_before_they_see_each_others_verdict(read, offered):
    begun = read.mark.client.post(reverse("portal:joint-reviews"), follow=True)
    assert "Joint review 1: 1 recent MQLs were drawn." in text(begun)
    assert "Kept." in text(judge(read.mark, good="1", note="Asked for a demo."))
    assert "You said yes" in page(read.mark)
    assert "Asked for a demo." not in page(read.mia) and "How it stands" not in page(read.mia)
    judge(read.mia, good="0", note="Too small.")
    for reader in (read.mark, read.mia, read.ren):
        shown = page(reader)
        assert "Marketing Yes : Asked for a demo." in shown and "Sales No : Too small." in shown
        assert "0 % the same (1)" in shown
    assert "the verdicts stand" in text(judge(read.mia, good="1"))


def test_decisions_and_minutes_end_it(read, offered):
    read.mark.client.post(reverse("portal:joint-reviews"))
    late = read.mark.client.post(
        reverse("portal:joint-review-end", args=[1]), {"minutes": "x"}, follow=True
    )
    assert "1 of the MQLs still wait for a verdict." in text(late)
    for reader in (read.mark, read.mia):
        judge(reader, good="1")
    read.mia.client.post(reverse("portal:joint-review-decision", args=[1]), {"text": "Go on so."})
    read.mia.client.post(reverse("portal:joint-review-end", args=[1]), {"minutes": "All good."})
    shown = page(read.ren)
    assert "Go on so." in shown and "Minutes All good." in shown
    assert JointReview.objects.get().closed_at


def test_who_signs_for_nobody_reads_and_no_more(read, offered):
    read.mark.client.post(reverse("portal:joint-reviews"))
    assert "Lena Berg" in page(read.ana)  # hers, and of others nothing
    assert "Lena Berg" not in page(read.carl)
    assert judge(read.ana, good="1").status_code == 403
    assert judge(read.carl, good="1").status_code == 404
    assert judge(read.mark, good="maybe").status_code == 422
    for name in ("joint-review-decision", "joint-review-end"):
        assert read.ana.client.post(reverse(f"portal:{name}", args=[1])).status_code == 403
        assert read.mark.client.post(reverse(f"portal:{name}", args=[1])).status_code == 422
    assert read.ren.client.post(reverse("portal:joint-reviews")).status_code == 403
