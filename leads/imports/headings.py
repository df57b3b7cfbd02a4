"""What other systems call their columns, and which attribute of ours that is.

The words are those of the exports of HubSpot, Salesforce, Pipedrive, Mautic, Dynamics, LinkedIn and
of lists that people keep by hand, in small letters without marks. In several languages, because a
system exports in the language of its user.
"""

import re
import unicodedata

from leads.text import fold

_WORDS = {
    "email": """
        email; e mail; mail; email address; e mail address; emailaddress; emailaddress1;
        mail address; work email; business email; primary email; contact email; lead email;
        person email; person email work; email 1; email1; e mail 1 value; corporate email;
        company email; recipient email; user email; email work; e mail adresse; mailadresse;
        adresse email; adresse e mail; adresse mail; courriel; correo; correo electronico;
        indirizzo email; posta elettronica; e mailadres; adres e mail; e post; epost;
        メールアドレス; 邮箱; 电子邮件
    """,
    "name": """
        name; full name; fullname; contact name; lead name; person name; person; contact;
        display name; vollstandiger name; ansprechpartner; nom complet; nombre completo;
        nome completo; volledige naam; 氏名; 姓名
    """,
    "first_name": """
        first name; firstname; given name; forename; person first name; contact first name;
        lead first name; vorname; prenom; nombre; primer nombre; nome; voornaam; fornavn; fornamn;
        imie
    """,
    "last_name": """
        last name; lastname; surname; family name; person last name; contact last name;
        lead last name; nachname; familienname; nom; nom de famille; apellido; apellidos; cognome;
        sobrenome; apelido; achternaam; etternavn; efternamn; efternavn; nazwisko
    """,
    "phone": """
        phone; phone number; telephone; telephone number; telephone1; tel; phone 1; phone1;
        work phone; business phone; office phone; direct phone; company phone; person phone;
        person phone work; contact phone; mobile; mobile phone; mobilephone; mobile phone number;
        mobile number; cell; cell phone; telefon; telefonnummer; rufnummer; mobil; handy;
        telefono; telefone; telefoon; telefoonnummer; numero de telephone; portable; celular
    """,
    "job_title": """
        job title; jobtitle; title; position; role; job; job position; job role; person job title;
        contact title; lead title; headline; current position; designation; occupation;
        berufsbezeichnung; funktion; stellung; stelle; poste; fonction; intitule du poste; cargo;
        puesto; qualifica; ruolo; functie; stilling; stanowisko; 役職; 职位
    """,
    "seniority": """
        seniority; seniority level; job level; management level; employment seniority; level
    """,
    "department": """
        department; departments; dept; job function; function; employment role; abteilung;
        departement; service; departamento; dipartimento; reparto; afdeling; avdelning; 部署; 部门
    """,
    "country": """
        country; country region; country code; contact country; person country; lead country;
        mailing country; ip country; address1 country; address country; country or region; nation;
        land; landeskurzel; pays; pais; paese; kraj; 国; 国家
    """,
    "region": """
        region; state; state region; state province; province; county; mailing state;
        mailing state province; address1 stateorprovince; state or province; ip state region;
        bundesland; kanton; etat; provincia; estado; comunidad autonoma; regione
    """,
    "language": """
        language; preferred language; preferred locale; locale; contact language; language code;
        sprache; langue; idioma; lingua; taal
    """,
    "postal_code": """
        postal code; postalcode; zip; zip code; zipcode; zip postal code; postcode; mailing zip;
        mailing zip postal code; mailing postal code; address1 postalcode; plz; postleitzahl;
        code postal; codigo postal; cap; cep; postnummer
    """,
    "lead_source": """
        lead source; leadsource; source; original source; original source type;
        original traffic source; latest source; latest traffic source; utm source;
        lead source name; acquisition source; person lead source; leadquelle; quelle; herkunft;
        origine; origen; fuente; fonte; bron
    """,
    "channel": """
        channel; lead source channel; source channel; utm medium; medium; marketing channel;
        kanal; canal; canale; kanaal
    """,
    "campaign": """
        campaign; campaign name; utm campaign; primary campaign source; most recent campaign;
        last campaign; kampagne; campagne; campana; campanha; campagna
    """,
    "created_at": """
        create date; created date; createddate; created; created at; creation date; date created;
        date added; date identified; createdon; created on; created time; record creation date;
        person person created; lead created; lead lead created; became a lead date; first seen;
        add date; added on; signup date; signed up at; erstellt am; erstellungsdatum; angelegt am;
        date de creation; fecha de creacion; data di creazione; data de criacao
    """,
    "opted_out": """
        opted out; opt out; opted out of email; email opt out; hasoptedoutofemail; emailoptout;
        unsubscribed; unsubscribed from all email; unsubscribe; do not email; donotbulkemail;
        donotemail; email opted out; has opted out of email; abgemeldet;
        keine werbung; desabonne; dado de baja
    """,
    "email_consent": """
        email consent; consent to email; consent to e mail; e mail consent; email opt in;
        email marketing consent; marketing consent;
        newsletter consent; consent
    """,
    "phone_consent": "phone consent; consent to calls; call consent; phone opt in",
    "do_not_call": """
        do not call; donotcall; do not phone; donotphone; phone opt out; call opt out;
        asked not to be called
    """,
    "do_not_contact": "do not contact; donotcontact; dnc; nicht kontaktieren",
    "company.name": """
        company; company name; companyname; account; account name; accountname; company account;
        organization; organisation; organization name; organisation name; associated company;
        primary associated company name; employer; business name; current company;
        parent customer; firma; firmenname; unternehmen; entreprise; societe; raison sociale;
        empresa; compania; azienda; societa; ragione sociale; bedrijf; bedrijfsnaam; organisatie;
        foretag; virksomhed; 会社名; 公司
    """,
    "company.domain": """
        company domain name; company domain; domain; domain name; website; web site; website url;
        company website; companywebsite; organization website; account website; company url;
        organization domain; homepage; web; url; websiteurl; webseite; internetseite; site web;
        site internet; sitio web; pagina web; sito web
    """,
    "company.employees": """
        number of employees; no of employees; numberofemployees; employees; employee count;
        company size; companynumber of employees; num employees; headcount; staff;
        organization employees; number employees; company employees;
        organization number of employees; account employees; mitarbeiter; mitarbeiterzahl;
        anzahl mitarbeiter; mitarbeiteranzahl; effectif; nombre d employes; empleados;
        numero de empleados; dipendenti; numero di dipendenti; funcionarios; aantal medewerkers
    """,
    "company.industry": """
        industry; company industry; companyindustry; account industry; organization industry;
        sector; primary industry; vertical; branche; industrie; secteur; secteur d activite;
        industria; settore; setor; bransch
    """,
    "company.country": """
        company country; companycountry; company country region; account country; billing country;
        organization country; hq country; headquarters country; firmenland
    """,
    "company.revenue": """
        annual revenue; annualrevenue; revenue; company revenue; companyannual revenue;
        company annual revenue; account revenue; organization annual revenue;
        annual revenue converted; turnover; umsatz; jahresumsatz; chiffre d affaires;
        ingresos anuales; fatturato; receita anual; omzet
    """,
    "company.revenue_currency": """
        revenue currency; annual revenue currency; currency; currency code; currencyisocode;
        wahrung; devise; moneda; valuta
    """,
    "company.market_segment": """
        market segment; company segment; customer segment; account segment; tier
    """,
    "company.funding_stage": "funding stage; latest funding stage; latest funding; funding round",
    "company.tech_stack": """
        tech stack; technologies; technology; web technologies; company technologies
    """,
    "company.competitor_in_use": """
        competitor in use; current vendor; current competitor; competitor
    """,
    "company.relationship": "relationship; account type; company type; customer type",
}
_SALUTATIONS = {
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "herr",
    "frau",
    "m",
    "mme",
    "sr",
    "sra",
}
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]{2,}")
_VALUE = re.compile(r"[\d\s.,:/+€$£%()-]*\d[\d\s.,:/+€$£%()-]*")


def key_of(heading):
    """Return a heading's words in small letters without accents: "No. of Employees", leadSource."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", fold(heading))
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", plain)))


# Words that come first in their list say it more plainly than later ones.
TARGETS = {
    key_of(word): (target, rank)
    for target, words in _WORDS.items()
    for rank, word in enumerate(words.split(";"))
}


def target_of(heading):
    """Return the attribute that a heading means, or empty."""
    return meaning_of(heading)[0]


def meaning_of(heading):
    """Return `(attribute, rank)` of a heading: a lower rank says it more plainly."""
    key = key_of(heading)
    # Some systems put the kind of record before the name of the column.
    bare = re.sub(r"^(person|contact|lead|hs|primary|your) ", "", key)
    ways = (key, bare, key.replace(" ", ""))
    return next((TARGETS[way] for way in ways if way in TARGETS), ("", 0))


def known(cells):
    """Return how many different attributes of ours these cells name."""
    return len({target_of(cell) for cell in cells} - {""})


def is_email(text):
    return bool(_EMAIL.fullmatch(text.strip()))


def is_salutation(text):
    return key_of(text) in _SALUTATIONS


def are_values(cells):
    """Whether these cells are somebody's data rather than the names of columns."""
    numbers = sum(bool(_VALUE.fullmatch(cell.strip())) for cell in cells)
    return any(map(is_email, cells)) or numbers * 3 > len(cells)
