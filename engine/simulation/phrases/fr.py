"""How the simulated French speakers write."""

from __future__ import annotations

from typing import Final

FRENCH: Final = {
    "post": ("{journal}", "{journal} {fin}", "{question}", "{foot}", "{voyage} {fin}", "{etourdi}"),
    "journal": (
        "J'ai enfin réussi {plat}, {qui} en a repris deux fois.",
        "{qui} m'a appris à faire {plat} comme autrefois.",
        "Le train était à l'heure. Je répète : à l'heure !",
        "Les tomates du balcon rougissent enfin.",
    ),
    "plat": ("la tarte aux pommes", "le pain au levain", "le gratin", "la soupe de lentilles"),
    "qui": ("ma grand-mère", "mon frère", "la voisine", "ma fille", "un collègue"),
    "fin": ("Quel bonheur.", "Et vous ?", "Photos ce soir.", "Bon dimanche !", "À refaire."),
    "question": (
        "Vous lisez quoi en ce moment ?",
        "Une bonne recette pour {plat} ?",
        "Un quartier calme à {ville} ?",
    ),
    "ville": ("Nantes", "Gand", "Montréal", "Dakar", "Lausanne", "Lyon"),
    "foot": (
        "Quel match hier, {score} en prolongation !",
        "Jamais penalty.",
        "Encore perdu {score}.",
    ),
    "score": ("2-1", "3-3", "4-0"),
    "voyage": (
        "Train de nuit pour {ville}, réveil sous la neige.",
        "Trois jours à {ville} à pied.",
    ),
    "etourdi": ("Quel idiot, j'ai laissé les clés dans la voiture.", "J'ai brûlé {plat}."),
    "comment": (
        "Tellement vrai.",
        "Pareil ici.",
        "Merci du partage !",
        "Ça t'a pris combien de temps ?",
        "Pas d'accord, mais bon.",
        "Bises de {ville}.",
    ),
    "message": (
        "Salut, toujours bon pour samedi ?",
        "J'ai dix minutes de retard, désolé !",
        "Joyeux anniversaire !",
        "La table est encore disponible ?",
    ),
    "bio": ("{ville}. Vélo, pain, romans.", "Prof et jardinière du dimanche.", ""),
    "listing_title": ("Vélo de ville", "Table en chêne", "Accordéon, bon état"),
    "listing_description": (
        "À retirer à {ville}, espèces ou virement.",
        "Quelques rayures, fonctionne très bien. Visible le soir.",
    ),
    "appeal": ("C'était une blague entre amis.", "C'était une citation, merci de relire."),
    "spam": ("{appat} {link}", "{appat} Inscris-toi vite : {link}"),
    "appat": (
        "Gagne 900 € par jour avec le bitcoin !",
        "Gain garanti, aujourd'hui seulement.",
        "Carte cadeau gratuite pour les cent premiers !",
        "Argent facile sans expérience.",
    ),
    "insult": ("Ferme-la, {injure}.", "T'es qu'un {injure}.", "Supprime ton compte, {injure}."),
    "injure": ("idiot", "abruti", "clown", "minable"),
    "scam_title": ("iPhone neuf, moitié prix", "Appartement en centre-ville, très bon marché"),
    "scam_description": (
        "Paiement par carte cadeau uniquement, je suis à l'étranger.",
        "Acompte d'abord, écrivez-moi sur WhatsApp. Pas de visite.",
    ),
    "worry": ("Je ne vois plus l'intérêt de rien.", "Je n'en peux plus, je voudrais disparaître."),
}
