"""What the names of the demo are made of."""

from __future__ import annotations

FIRST_NAMES = [
    "Ada", "Aisha", "Alan", "Bridget", "Carlos", "Chen", "Clara", "Daniel", "Elena", "Emeka", "Farah", "Fiona",
    "George", "Grace", "Hannah", "Ivan", "Jack", "Julia", "Karim", "Laura", "Leo", "Maria", "Martin", "Mei", "Nadia",
    "Noah", "Olga", "Omar", "Paula", "Peter", "Priya", "Rosa", "Samuel", "Sofia", "Tom", "Uma", "Victor", "Wendy",
]  # fmt: skip
LAST_NAMES = [
    "Adams", "Ahmed", "Barnes", "Brown", "Carter", "Costa", "Davies", "Evans", "Fischer", "Foster", "Garcia", "Green",
    "Hall", "Hughes", "Ito", "Jones", "Kaur", "Khan", "Kowalski", "Lee", "Lewis", "Martin", "Moreau", "Murphy",
    "Nowak", "O'Brien", "Okafor", "Patel", "Price", "Roberts", "Rossi", "Silva", "Smith", "Taylor", "Walsh", "Wright",
]  # fmt: skip
TOWNS = [
    ("Bath", "BA1"), ("Brighton", "BN1"), ("Bristol", "BS1"), ("Cambridge", "CB1"), ("Canterbury", "CT1"),
    ("Cardiff", "CF10"), ("Chester", "CH1"), ("Derby", "DE1"), ("Durham", "DH1"), ("Exeter", "EX1"),
    ("Gloucester", "GL1"), ("Leeds", "LS1"), ("Lincoln", "LN1"), ("Newport", "NP20"), ("Norwich", "NR1"),
    ("Oxford", "OX1"), ("Plymouth", "PL1"), ("Reading", "RG1"), ("Salisbury", "SP1"), ("Winchester", "SO23"),
    ("Worcester", "WR1"), ("York", "YO1"),
]  # fmt: skip
STREETS = [
    "Abbey Street", "Bridge Street", "Castle Lane", "Church Road", "Dock Street", "George Street", "High Street",
    "King Street", "London Road", "Market Place", "Mill Lane", "North Parade", "Orchard Road", "Park Row",
    "Queen Street", "Station Road", "Victoria Road", "West Street",
]  # fmt: skip
BUSINESSES = ["Bakery", "Bistro", "Café", "Canteen", "Coffee House", "Deli", "Farm Shop", "Grocers", "Hotel", "Kitchen"]
BUSINESS_NAMES = [
    "Blue Door", "Bluebell", "Copper Kettle", "Corner", "Crown", "Daily Bread", "Fig & Olive", "Golden Crust",
    "Green Apple", "Harbour", "Little Owl", "Nutmeg", "Old Mill", "Railway", "Red Barn", "Riverside", "Seven Stars",
    "Sunnyside", "Three Geese", "Wild Thyme",
]  # fmt: skip
GOODS = [
    ("Arabica beans", "kg", 1650), ("Ground coffee", "kg", 1480), ("Earl Grey tea", "box of 100", 1190),
    ("Chamomile tea", "box of 100", 980), ("Oat drink", "case of 12", 1740), ("Whole milk powder", "kg", 870),
    ("Strong white flour", "16 kg bag", 1890), ("Rye flour", "16 kg bag", 2140), ("Dry yeast", "500 g", 460),
    ("Caster sugar", "25 kg bag", 2630), ("Sea salt", "kg", 190), ("Vanilla pods", "tube of 10", 2450),
    ("Dark chocolate", "kg", 1320), ("Butter croissants", "tray of 60", 2890), ("Olive oil", "5 l can", 3980),
    ("Plum tomatoes", "case of 6", 1260), ("Balsamic vinegar", "1 l", 890), ("Honey", "3 kg tub", 2210),
    ("Almonds", "kg", 1140), ("Paper cups", "sleeve of 50", 410),
]  # fmt: skip
GRADES = ["Classic", "Organic", "Select", "Trade"]
REMARKS = ["", "", "", "Deliver before ten", "Ring the bell at the back", "Replaces a damaged parcel", "No pallets"]
VISIT_NOTES = [
    "Wants samples next time.", "Happy with the last delivery.", "Asked for a discount on larger orders.",
    "Owner was out, spoke with the chef.", "Showed the new range.", "Opening a second shop in spring.",
    "Complained about a late parcel.", "",
]  # fmt: skip
