"""The demo's vocabulary. People and firms are invented; every domain ends in .example."""

from dataclasses import dataclass

SITE = "https://www.larkfield.example"


@dataclass(frozen=True)
class Country:
    """Where leads live: which names they have, when they are awake (UTC), what they dial."""

    code: str
    weight: int
    names: str
    awake: int  # the hour, UTC, at which their working day starts
    phone: str  # numbers that are reserved for fiction
    legal: str
    regions: tuple[str, ...]


COUNTRIES = (
    Country("DE", 23, "dach", 7, "+49 30 23125", "GmbH", ("Bavaria", "Berlin", "Hesse", "Saxony")),
    Country("AT", 5, "dach", 7, "+43 1 55501", "GmbH", ("Vienna", "Styria", "Tyrol")),
    Country("CH", 6, "dach", 7, "+41 44 55501", "AG", ("Zurich", "Bern", "Geneva")),
    Country("GB", 20, "isles", 8, "+44 20 79460", "Ltd", ("England", "Scotland", "Wales")),
    Country("IE", 5, "isles", 8, "+353 20 91", "Ltd", ("Leinster", "Munster")),
    Country("US", 22, "americas", 13, "+1 212 55501", "Inc", ("New York", "Texas", "Ohio", "Utah")),
    Country("CA", 5, "americas", 13, "+1 416 55501", "Inc", ("Ontario", "Quebec")),
    Country("MX", 2, "americas", 14, "+52 55 55501", "SA", ("Jalisco", "Puebla")),
    Country("FR", 4, "europe", 7, "+33 1 99001", "SAS", ("Normandy", "Brittany")),
    Country("NL", 4, "europe", 7, "+31 20 55501", "BV", ("Utrecht", "Drenthe")),
    Country("SE", 3, "europe", 7, "+46 8 46500", "AB", ("Skane", "Uppsala")),
    Country("AU", 1, "isles", 23, "+61 2 55501", "Ltd", ("Victoria",)),
)

FIRST_NAMES = {
    "dach": "Anja Birgit Clemens Dörte Elif Fabian Greta Hannes Ines Jörg Katja Leon Maren Nils "
    "Petra Ralf Sabine Tobias Ulrike Viktor Wiebke Yusuf Zoë Moritz Franziska Henrik",
    "isles": "Aisling Ben Ciara Declan Ellen Finlay Gemma Harry Imogen Jack Keira Liam Maeve Nadia "
    "Owen Poppy Rhys Saoirse Tariq Una Victor Wendy Rory Zara Callum Freya",
    "americas": "Aaron Bianca Carlos Denise Ethan Fatima Gabriel Hannah Isaac Jasmine Kevin Lucia "
    "Mateo Naomi Oscar Paige Quentin Rosa Samuel Tiana Valeria Wesley Ximena Tyler Monica Andre",
    "europe": "Astrid Bram Chloé Daan Elin Florent Gunnar Hugo Inge Joris Karin Lotte Margaux Noor "
    "Oskar Pascal Renske Sven Thérèse Wout Ylva Luc Marit Femke Jules Saga",
}
LAST_NAMES = {
    "dach": "Achleitner Brandner Dorfmeister Eichinger Fuhrmann Grabner Haslinger Imhof Jansen "
    "Kaltenbach Lehner Mühlberg Neuhauser Oberauer Pfister Reinders Schönfeld Tiefenbach Ullmann "
    "Vogt Wiesinger Yilmaz Zangerl Ostermann",
    "isles": "Abernathy Blakeley Connolly Dunmore Everard Farrell Gilchrist Hathersage Innes Joyce "
    "Kirkbride Lanigan Moorcroft Nwosu Ormsby Prendergast Quigley Radcliffe Siddiqui Tolland "
    "Upton Varley Wetherby Rafferty",
    "americas": "Alvarado Bellamy Castellano Draper Espinoza Fairbanks Guerrero Holloway Ibarra "
    "Jefferson Kessler Lockhart Montalvo Navarro Okonkwo Prescott Quintero Ramsey Stanfield "
    "Trujillo Underwood Vasquez Whitaker Zamora",
    "europe": "Aubertin Bergqvist Claesen Delacourt Engstrom Fournel Grevelink Holmqvist Isaksen "
    "Jonckheer Kuipers Lindahl Marchetti Nystrom Oosterhof Perrault Rietveld Sandahl Tuinstra "
    "Verhaegen Westerlund Zuidema Lacombe Dubreuil",
}

# (title, seniority, department), the senior ones first.
TITLES = (
    ("Chief Operating Officer", "C-level", "Operations"),
    ("Chief Information Officer", "C-level", "IT"),
    ("VP Operations", "VP", "Operations"),
    ("VP Supply Chain", "VP", "Supply chain"),
    ("Head of Planning", "Director", "Planning"),
    ("Director of Logistics", "Director", "Logistics"),
    ("Head of Procurement", "Director", "Procurement"),
    ("Supply Chain Manager", "Manager", "Supply chain"),
    ("Operations Manager", "Manager", "Operations"),
    ("IT Manager", "Manager", "IT"),
    ("Plant Manager", "Manager", "Production"),
    ("Demand Planner", "Specialist", "Planning"),
    ("Business Analyst", "Specialist", "Finance"),
    ("Production Scheduler", "Specialist", "Production"),
    ("Logistics Coordinator", "Specialist", "Logistics"),
)
DECIDERS = TITLES[:7]
STUDENT_TITLES = (
    ("Student, Industrial Engineering", "", ""),
    ("Intern, Supply Chain", "", "Supply chain"),
    ("Graduate Trainee", "", "Planning"),
)

FIRM_FIRST = (
    "Alderwick Brackenholt Caldermoor Dunswick Elmstead Farrowgate Glenhurst Harbourne Ivelton "
    "Juniperhall Kestrelby Lindenau Marlowen Northolme Oakhaven Pendrith Quarrendon Rosenthaler "
    "Silverbeck Thornleigh Umberfield Valdoria Westmarch Yarrowdale Zellinger Amberley Birkenfeldt "
    "Copperhill Drakemoor Eastwold Fennimore Greifenau Hollowell Isenbruck Kaldewey Larchmont "
    "Meadowsend Nettleby Orchardson Pinehurst Ravensmark Stonecroft Tannwald Ulverton Vossberg "
    "Willowmere Ashdale Brennholt Cedarwick Dovecote Edgemoor Foxhollow Granvale Heathmoor "
    "Ironbridge Jasperling Kingsmead Lowenstein Mossbank Nordhaven"
)
FIRM_SECOND = (
    "Logistics Foods Plastics Instruments Components Textiles Pharma Packaging Robotics Software "
    "Automotive Chemicals Retail Electronics Metals Furniture Energy Optics Freight Machinery "
    "Beverages Materials Systems Medical Paper Tools Ceramics"
)
INDUSTRIES = {
    "Logistics": "Logistics",
    "Freight": "Logistics",
    "Foods": "Food",
    "Beverages": "Food",
    "Pharma": "Life sciences",
    "Medical": "Life sciences",
    "Software": "Software",
    "Systems": "Software",
    "Retail": "Retail",
    "Energy": "Energy",
}
RIVALS = ("planora.example", "stockwise.example", "forecastly.example")

# (name, the lead's source, share of the leads)
CAMPAIGNS = (
    ("Planning software search", "Paid search", 18),
    ("Brand search", "Paid search", 8),
    ("", "Organic search", 20),
    ("Clinic: forecasting in practice", "Webinar", 10),
    ("Clinic: the plan that survives Monday", "Webinar", 9),
    ("Operations leaders on LinkedIn", "LinkedIn", 11),
    ("Spring logistics fair", "Event", 5),
    ("Autumn planning summit", "Event", 4),
    ("Partner referrals", "Partner", 6),
    ("", "Referral", 4),
    ("", "Direct", 5),
)
CHANNELS = {
    # source: channel
    "Paid search": "Paid",
    "LinkedIn": "Paid",
    "Organic search": "Organic",
    "Direct": "Organic",
    "Webinar": "Events",
    "Event": "Events",
    "Partner": "Partners",
    "Referral": "Partners",
}
MAILING = "Planning notes, monthly"

BLOG = ("/blog/safety-stock", "/blog/weekly-rhythm", "/blog/forecast-error", "/blog/one-plan")
PRODUCT = ("/product", "/product/demand", "/product/scheduling", "/integrations")
CASES = ("/customers/alderwick", "/customers/lindenau", "/customers/northolme")
GUIDES = ("The demand planning handbook", "Spreadsheet exit checklist", "The S&OP starter kit")
CLINICS = ("Clinic: forecasting in practice", "Clinic: the plan that survives Monday")
REFERRERS = ("https://www.search.example/", "https://social.example/", "")

NEEDS = (
    "We plan three plants in one spreadsheet and it broke again.",
    "Looking to replace our forecasting tool by Q3.",
    "Need scheduling for two sites, about 40 planners.",
    "Comparing three vendors, decision next month.",
    "Stock is up 20 % and nobody can say why.",
    "",
)

TOUCH_NOTES = {
    "connected": (
        "Good call. Runs planning for two plants, wants to see scheduling.",
        "Spoke for ten minutes. Asked about the ERP connection.",
        "Interested; will bring their IT lead to the next call.",
    ),
    "booked": ("Meeting booked for next week with their head of planning.",),
    "replied": (
        "Answered with questions about pricing.",
        "Asked for a reference in their industry.",
    ),
    "voicemail": ("Left a message, will try again tomorrow.",),
    "no_answer": ("", "No answer, no voicemail."),
    "sent": ("Sent two customer stories and a proposal for a call.", "Short note after the guide."),
}

# (code of the reason, weight, notes)
REJECTIONS = (
    ("wrong_company", 14, ("Sells services, nothing to plan.", "Eight people, out of our market.")),
    ("wrong_person", 16, ("Writes a report for a colleague, no say in tools.", "")),
    ("competitor", 4, ("Works for a vendor under their consultancy's address.",)),
    ("student", 6, ("Master's thesis on demand planning.", "Looking for a job, not for software.")),
    ("no_budget", 16, ("Budget frozen until next fiscal year.", "Nothing planned before spring.")),
    ("no_need", 12, ("Rolled out another tool in May and is happy.", "Only wanted the guide.")),
    ("too_early", 15, ("Just looking around, no project yet.", "Asked to be called in autumn.")),
    ("wrong_details", 8, ("Number belongs to somebody else, mail bounced.", "")),
    ("already_customer", 3, ("Uses Larkfield at their Austrian plant already.",)),
    ("other", 6, ("Speaks to our partner already; they asked us to stay out.",)),
)

PLAYS = (
    # name, segment or signal, opener, need, timeline, decision, content, next step
    (
        "They asked for a demo",
        "demo",
        "You asked to see Larkfield at work: what should it show you first?",
        "What does your plan get wrong today, and what does that cost?",
        "Is there a season before which the new plan has to run?",
        "Who besides you should see the demo before you decide?",
        f"Customer story Alderwick: {SITE}/customers/alderwick",
        "A demo of 30 minutes with one of their own product lines",
    ),
    (
        "They compare prices",
        "pricing",
        "You have looked at our plans: shall we find the one that fits you, in ten minutes?",
        "How many planners and sites is it for?",
        "In which quarter is the budget decided?",
        "Who signs for software of this size with you?",
        f"Plans and prices: {SITE}/pricing",
        "A call with whoever holds the budget",
    ),
    (
        "They read a guide",
        "guide",
        "You took one of our guides with you: which chapter is about your week?",
        "How do you plan today, and who waits for the result?",
        "When do you want the next cycle to be different?",
        "",
        f"Customer story Lindenau: {SITE}/customers/lindenau",
        "A seat in the next clinic",
    ),
    (
        "The right company",
        "ICP",
        "Companies of your size often plan in many sheets at once: is that so with you?",
        "What would one plan for everybody change?",
        "",
        "Who would have to agree to one plan?",
        "The spreadsheet exit checklist",
        "A first call of 15 minutes",
    ),
)
