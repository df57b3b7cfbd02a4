"""What a job title says of how senior somebody is, and of where in the company they work.

Titles are read word by word, in English and the languages most often seen beside it. One whose
words say nothing leaves the attribute unknown: a guess would score.
"""

import re
import unicodedata
from functools import lru_cache

from leads.text import fold

# What is said by most words decides: a vice president is no president, and a product owner owns
# nothing. Among as many words, the earlier line. Each is in small letters and without accents.
SENIORITY = (
    # Said of people who do not decide yet, whatever else their title names.
    (
        "Entry",
        "intern; internship; trainee; apprentice; student; working student; werkstudent; "
        "werkstudentin; praktikant; praktikantin; azubi; stagiaire; becario; graduate; junior; "
        "assistant; assistentin; assistent; assistante",
    ),
    (
        "VP",
        "vp; svp; evp; avp; vice president; assistant vice president; associate vice president; "
        "vicepresident; vice presidente; vicepresidente; vice presidenta; vicepresidenta",
    ),
    (
        "C-level",
        "chief; ceo; cfo; cto; coo; cio; cmo; cro; cpo; chro; ciso; cdo; cso; cco; founder; "
        "cofounder; owner; proprietor; president; presidente; presidenta; chairman; chairwoman; "
        "chair; managing director; geschaftsfuhrer; geschaftsfuhrerin; geschaeftsfuehrer; "
        "geschaeftsfuehrerin; inhaber; inhaberin; vorstand; grunder; grunderin; "
        "directeur general; directrice generale; president directeur general; pdg; gerant; "
        "fondateur; fondatrice; director general; directora general; amministratore delegato; "
        "fundador; fundadora; algemeen directeur; eigenaar; oprichter; managing partner",
    ),
    (
        "Director",
        "director; directeur; directrice; direktor; direktorin; directora; direttore; direttrice; "
        "head; leiter; leiterin; leitung; bereichsleiter; bereichsleiterin; abteilungsleiter; "
        "abteilungsleiterin; hoofd; chef de service; jefe; jefa; chief of staff; "
        "assistant director",
    ),
    (
        "Manager",
        "manager; managerin; mgr; lead; teamlead; teamleiter; teamleiterin; supervisor; "
        "superintendent; foreman; responsable; gerente; responsabile; teamleider; chef; "
        "product owner; assistant manager",
    ),
    (
        "Specialist",
        "specialist; engineer; developer; analyst; consultant; coordinator; planner; scheduler; "
        "administrator; architect; designer; scientist; buyer; accountant; controller; officer; "
        "representative; associate; technician; programmer; researcher; writer; editor; "
        "account executive; executive; expert; ingenieur; ingenieurin; entwickler; entwicklerin; "
        "berater; beraterin; "
        "referent; referentin; sachbearbeiter; sachbearbeiterin; consultor; consultora; analista; "
        "ingeniero; ingeniera; developpeur; developpeuse; analyste; ingegnere; buchhalter; "
        "buchhalterin; einkaufer; einkauferin",
    ),
)
DEPARTMENT = (
    (
        "Supply chain",
        "supply chain; supply chains; scm; lieferkette; chaine d approvisionnement",
    ),
    ("Logistics", "logistics; logistik; logistique; logistica; warehouse; transport; fleet"),
    ("Planning", "planning; planner; demand; planung; planification; planificacion"),
    ("Procurement", "procurement; purchasing; buyer; sourcing; einkauf; achats; compras; inkoop"),
    (
        "Production",
        "production; manufacturing; plant; produktion; fertigung; werk; fabrication; produccion",
    ),
    (
        "Human resources",
        "hr; human resources; people; talent; recruiting; recruiter; recruitment; chro; "
        "personalwesen; personalabteilung; personalleiter; personalleiterin; "
        "ressources humaines; rh; recursos humanos",
    ),
    (
        "Finance",
        "finance; financial; cfo; accounting; accountant; controller; controlling; treasury; "
        "treasurer; audit; finanzen; buchhaltung; buchhalter; buchhalterin; comptable; finanzas",
    ),
    ("Legal", "legal; counsel; lawyer; attorney; compliance; recht; jurist; juristin; juridique"),
    (
        "Marketing",
        "marketing; cmo; brand; content; seo; growth; demand generation; communications; pr; "
        "advertising; kommunikation; mercadotecnia",
    ),
    (
        "Sales",
        "sales; cro; revenue; business development; account executive; account manager; sdr; bdr; "
        "vertrieb; verkauf; ventes; commercial; commerciale; ventas; vendite; verkoop; "
        "vertriebsleiter; vertriebsleiterin",
    ),
    (
        "Customer success",
        "customer success; customer service; customer support; support; kundendienst; "
        "customer experience; client services",
    ),
    ("Product", "product; cpo; produktmanager; produktmanagerin; produit; producto"),
    (
        "Engineering",
        "engineering; cto; software; developer; programmer; devops; sre; r d; "
        "research and development; entwicklung; entwickler; entwicklerin; developpeur; "
        "developpeuse; desarrollador; desarrolladora",
    ),
    (
        "IT",
        "it; cio; ciso; information technology; information systems; information officer; "
        "informatik; informatique; systems; infrastructure; security; network; data; edv",
    ),
    ("Operations", "operations; operating; ops; coo; betrieb; operaciones; exploitation"),
)
OF = ("seniority", "department")


@lru_cache(maxsize=4_096)
def read(title):
    """Return `{"seniority": ..., "department": ...}` as a title says, empty where it does not."""
    words = _words(title)
    return {"seniority": _said(SENIORITY, words), "department": _said(DEPARTMENT, words)}


def _said(table, words):
    """Return what most words of a title say, of a table's lines."""
    found = [
        (one.count(" "), -place, name)
        for place, (name, known) in enumerate(table)
        for one in _known(known)
        if one in words
    ]
    return max(found)[2] if found else ""


@lru_cache(maxsize=64)
def _known(text):
    return tuple(f" {one.strip()} " for one in text.split(";"))


def _words(title):
    """The title's words in small letters without accents, each with a space on both sides."""
    plain = unicodedata.normalize("NFKD", fold(title).casefold().replace("ß", "ss"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    # "C.E.O." is one word, "Leiter/in" and "Leiter*in" are the first of their two.
    plain = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", plain)
    plain = re.sub(r"[/*:_]in(nen)?\b", "", plain)
    return " ".join(["", *re.findall(r"[^\W_]+", plain), ""])
