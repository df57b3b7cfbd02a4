"""Drafts are edited and published, published versions are read: one pattern for every such noun."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, page_of, state_tag
from leads.versions import one_at_a_time


class VersionedAdmin(HandoffModelAdmin):
    """The admin of a model with `state`, `is_draft`, `compiled`, `compile()` and `publish()`.

    A subclass names `publish_permission` and what `publish` raises, and answers `new_draft` and
    `in_words`.
    """

    change_form_template = "admin/version_form.html"
    publish_permission = ""
    refusals: tuple[type[Exception], ...] = ()
    drafted_from = ("published",)  # states of which a version may be edited as a new draft
    last_step = "Save and publish"  # what the second button of a draft says

    def new_draft(self, version, *, by):
        """Return a new draft with what `version` has (None: with what the live one has)."""
        raise NotImplementedError

    def in_words(self, form):
        """Return a compiled form in plain English, as `(heading, [sentence, ...])` pairs."""
        raise NotImplementedError

    def reading_page(self, version):
        """Return the address of a page that compares this version with others, or None."""
        return None

    def otherwise(self, draft):
        """Return a sentence on what a new draft says otherwise than what it was drafted from."""
        return ""

    def more(self, request, version, form, context):
        """Return what else the page of a version shows; `form` is None if it cannot be compiled."""
        return {}

    def adds_from_live(self):
        """Whether adding means a draft of the live version instead of an empty form."""
        return False

    @admin.display(description="state", ordering="state")
    def standing(self, version):
        return state_tag(version)

    # Who may do what

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_draft)

    def get_inlines(self, request, obj):
        """A version that one may only read is read in words, not as rows."""
        readable_only = obj is not None and not self.has_change_permission(request, obj)
        return [] if readable_only else super().get_inlines(request, obj)

    def get_object(self, request, object_id, from_field=None):
        """On POST nobody else works on the versions: none is published while it is saved."""
        if request.method == "POST":
            one_at_a_time(self.model)
        return super().get_object(request, object_id, from_field)

    # Pages

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_draft"
        view = self.admin_site.admin_view(self.draft_view)
        return [path("<int:pk>/draft/", view, name=name), *super().get_urls()]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["now"] = timezone.now()
            form, problems = _compiled(obj)
            context["words"] = (
                [("Not complete yet", problems)] if form is None else self.in_words(form)
            )
            context |= self.more(request, obj, form, context)
            context["may_publish"] = request.user.has_perm(self.publish_permission)
            context["may_draft"] = obj.state in self.drafted_from and self.has_add_permission(
                request
            )
            context["draft_url"] = page_of(obj, "draft")
            context["last_step"] = self.last_step
            context["reading_url"] = self.reading_page(obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def add_view(self, request, form_url="", extra_context=None):
        if not self.adds_from_live():
            return super().add_view(request, form_url, extra_context)
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._open_draft(request, None)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"New draft of the {self.opts.verbose_name}",
            "live": self.model._default_manager.filter(state="published").first(),
            "drafts": self.model._default_manager.filter(state="draft"),
        }
        return TemplateResponse(request, "admin/version_draft.html", context)

    @transaction.atomic
    def draft_view(self, request, pk):
        """POST: edit this version as a new draft."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        version = self.get_object(request, str(pk))
        if version is None or version.state not in self.drafted_from:
            raise Http404
        return self._open_draft(request, version)

    def _open_draft(self, request, version):
        draft = self.new_draft(version, by=request.user)
        self.log_addition(request, draft, f"Drafted from {version or 'the live version'}.")
        self.message_user(request, f"{draft} is a draft. Nothing changes until it is published.")
        if said := self.otherwise(draft):
            self.message_user(request, said, messages.WARNING)
        return self._show(draft)

    def response_change(self, request, obj):
        if "_publish" not in request.POST:
            return super().response_change(request, obj)
        if not request.user.has_perm(self.publish_permission):
            raise PermissionDenied
        return self.take_last_step(request, obj)

    def take_last_step(self, request, draft):
        """Do what the second button of a draft says, and return where to go then."""
        try:
            draft.publish(by=request.user, now=timezone.now())
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        except self.refusals as error:
            self.message_user(request, f"Saved, but not published. {error}", messages.ERROR)
        else:
            self.log_change(request, draft, "Published.")
            self.message_user(request, f"{draft} is published and holds from now on.")
        return self._show(draft)

    def _show(self, version):
        return redirect(page_of(version))


def _compiled(version):
    """Return `(form, problems)`: the version's compiled form, or None and why it has none yet."""
    try:
        return version.compiled or version.compile(), []
    except ValidationError as error:
        return None, error.messages
