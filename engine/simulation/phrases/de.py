"""How the simulated German speakers write."""

from __future__ import annotations

from typing import Final

GERMAN: Final = {
    "post": (
        "{alltag}",
        "{alltag} {schluss}",
        "{frage}",
        "{garten}",
        "{fussball}",
        "{reise} {schluss}",
        "{missgeschick}",
    ),
    "alltag": (
        "Heute zum ersten Mal {gericht} gemacht, {wer} wollte sofort Nachschlag.",
        "Nach drei Wochen endlich wieder Strom im Keller.",
        "Schnelles Geld gibt es nicht, sagt meine Oma, und sie hat recht.",
        "Die Bahn war pünktlich. Ich wiederhole: pünktlich!",
        "{wer} hat mir gezeigt, wie man {gericht} richtig macht.",
    ),
    "gericht": ("Käsespätzle", "Apfelstrudel", "Linsensuppe", "Sauerteigbrot", "Kartoffelsalat"),
    "wer": ("Meine Oma", "Mein Nachbar", "Die Kleine", "Mein Bruder", "Eine Kollegin"),
    "schluss": ("Herrlich.", "Gerne wieder.", "Fotos folgen.", "Wer noch?", "Schönes Wochenende!"),
    "frage": (
        "Welche Fahrradlampe übersteht den Winter?",
        "Hat jemand ein gutes Rezept für {gericht}?",
        "Was lest ihr gerade?",
        "Lohnt sich eine Reparatur nach zehn Jahren noch?",
    ),
    "garten": (
        "Die Tomaten werden endlich rot.",
        "Schnecken haben den ganzen Salat gefressen.",
        "Am Zaun blühen jetzt die Sonnenblumen.",
    ),
    "fussball": (
        "Was für ein Spiel gestern, {stand} nach Verlängerung!",
        "Nie im Leben ein Elfmeter.",
        "Wieder {stand} verloren, ich werde zu alt für diesen Verein.",
    ),
    "stand": ("2:1", "3:3", "0:4", "1:0"),
    "reise": (
        "Mit dem Nachtzug nach {ort}, aufgewacht im Schnee.",
        "Drei Tage {ort}, und die Füße tun weh.",
    ),
    "ort": ("Leipzig", "Wien", "Bozen", "Hamburg", "Basel"),
    "missgeschick": (
        "Ich Idiot habe den Schlüssel im Auto gelassen.",
        "Den Kuchen im Ofen vergessen. Die Feuerwehr war sehr nett.",
    ),
    "comment": (
        "Genau so.",
        "Das kenne ich.",
        "Danke fürs Teilen!",
        "Wie lange hat das gedauert?",
        "Sehe ich anders, aber gut.",
        "Schöne Grüße aus {ort}!",
        "Probier es mal mit {gericht}.",
    ),
    "message": (
        "Hallo, klappt es am Samstag noch?",
        "Komme zehn Minuten später, sorry!",
        "Alles Gute zum Geburtstag!",
        "Bringst du den {gericht} mit?",
    ),
    "bio": ("{ort}. Fahrrad, Brot, Bücher.", "Lehrerin und Hobbygärtnerin.", ""),
    "listing_title": ("Fahrrad, 28 Zoll", "Schreibtisch aus Eiche", "Akkordeon, gut erhalten"),
    "listing_description": (
        "Abholung in {ort}, bar oder Überweisung.",
        "Ein paar Kratzer, funktioniert einwandfrei. Nichtraucherhaushalt.",
    ),
    "appeal": ("Das war ein Zitat, nicht meine Meinung.", "Bitte noch einmal prüfen."),
    "spam": (
        "{koeder} {link}",
        "{koeder} Jetzt anmelden: {link}",
        "Kein Scherz: {koeder} {link}",
    ),
    "koeder": (
        "Verdiene 900 € am Tag mit Bitcoin!",
        "Garantierter Gewinn, nur heute!",
        "Gratis Gutschein für die ersten hundert!",
        "Schnelles Geld ohne Vorkenntnisse.",
    ),
    "insult": (
        "Halt die Klappe, du {schimpf}.",
        "Du bist ein {schimpf}, das weiß hier jeder.",
        "Lösch dich, {schimpf}.",
    ),
    "schimpf": ("Idiot", "Trottel", "Versager", "Depp"),
    "scam_title": ("Neues iPhone, halber Preis", "Wohnung in der Mitte, sehr günstig"),
    "scam_description": (
        "Zahlung nur per Gutscheinkarte, bin im Ausland.",
        "Kaution vorab per Western Union, Schlüssel kommen mit der Post. Nur Telegram.",
    ),
    "worry": (
        "Ich sehe keinen Sinn mehr. Es würde niemandem auffallen.",
        "Ich kann so nicht mehr weitermachen.",
    ),
}
