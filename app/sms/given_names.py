"""The commonest given names where our customers live, to tell which of two names behind a comma is the first one.

After the lists that the United States' Social Security Administration publishes; without those that are as common as
last names ("Thomas", "James") or towns ("Austin", "Madison"). A name that is not here is only not known.
"""

_NAMES = """
aaron abigail adam adriana aisha alan alejandra alejandro alex alexandra alexis alice alicia alison allison alyssa
amanda amber amy ana andrea andrew angela anita ann anna anne annie anthony antonio april arturo ashley barbara
becky benjamin beth betty beverly bill billy bob bonnie brandon brenda brian bridget brittany bruce bryan caitlin
camila carla carlos carmen carol carolina caroline carolyn catherine cathy cecilia charles charlotte cheryl chloe
chris christina christine christopher cindy claire claudia connie courtney crystal cynthia daniel daniela danielle
darlene dave david dawn deborah debra denise dennis diana diane diego donald donna doris dorothy dylan edith eduardo
edward eileen elaine elena elizabeth ella ellen emily emma enrique eric erica erin ethan eva evan evelyn fatima
felipe fernando florence frances francisco gabriela gail gary gerald gina gloria grace greg gregory guadalupe hannah
heather helen holly isaac isabel isabella jack jackie jacob jane janet janice jason javier jean jeff jeffrey jenna
jennifer jenny jeremy jesse jessica jesus jill jim jimmy joan joann joanna joe joel john johnny jonathan jorge jose
joseph josh joshua juan juana juanita judith judy julia julian julie julio justin karen karla kate katherine kathleen
kathy katie kayla kelly ken kenneth kevin kim kimberly kristen kristin kyle larry laura lauren laurie leah leslie
lillian linda lisa liz lori lorraine louis louise lucas lucia lucy luis luisa lynn manuel marcia marco marcos margaret
maria mariana marie marilyn mario marissa marjorie mark marta martha mary matt matthew megan melanie melissa mercedes
michael michelle miguel mike mildred miriam molly monica nancy natalia natalie nathan nicholas nick nicole noah nora
norma olga olivia oscar pablo paige pam pamela patricia patrick patty paula pedro peggy peter phil philip phillip
priya phyllis rachel rafael ralph ramon raul ray rebecca renee ricardo richard rick rita robert roberto robin roger ron
ronald rosa rosemary ruben ruth ryan sally sam samantha samuel sandra sara sarah sergio shannon sharon sheila shirley
silvia sofia sonia sophia stacy stephanie stephen steve steven sue susan suzanne sylvia tammy tanya tara ted teresa
terri theresa tiffany tim timothy tina todd tom tony tracy valeria valerie vanessa veronica vicki victoria vincent
virginia walter wanda wendy will william yolanda yvonne zachary zoe
"""
GIVEN_NAMES_KNOWN = frozenset(_NAMES.split())
