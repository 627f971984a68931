"""How the simulated Spanish speakers write."""

from __future__ import annotations

from typing import Final

SPANISH: Final = {
    "post": (
        "{diario}",
        "{diario} {cierre}",
        "{pregunta}",
        "{futbol}",
        "{viaje} {cierre}",
        "{despiste}",
    ),
    "diario": (
        "Por fin me salió bien {plato}, {quien} repitió dos veces.",
        "Hoy empecé el curso de cerámica, todo torcido pero mío.",
        "{quien} me enseñó a hacer {plato} como en el pueblo.",
        "Los tomates del balcón ya están rojos.",
        "El dinero rápido no existe, lo dice mi abuela.",
    ),
    "plato": ("la tortilla", "el arroz caldoso", "el pan de masa madre", "las lentejas", "el flan"),
    "quien": ("mi abuela", "mi hermano", "la vecina", "mi hija", "un compañero"),
    "cierre": (
        "Qué alegría.",
        "¿Alguien más?",
        "Luego subo fotos.",
        "Feliz domingo.",
        "Repetiría.",
    ),
    "pregunta": (
        "¿Qué están leyendo estos días?",
        "¿Alguien tiene una buena receta para {plato}?",
        "¿Qué barrio tranquilo me recomiendan en {ciudad}?",
    ),
    "ciudad": ("Sevilla", "Oaxaca", "Bogotá", "Valparaíso", "Granada", "Rosario"),
    "futbol": (
        "¡Qué partidazo anoche, {marcador} en la prórroga!",
        "Eso no era penal ni en cien años.",
        "Otra vez perdimos {marcador}.",
    ),
    "marcador": ("2-1", "3-3", "4-0", "1-0"),
    "viaje": ("Tren nocturno a {ciudad} y amanecer con nieve.", "Tres días en {ciudad} a pie."),
    "despiste": (
        "Soy un idiota, dejé las llaves dentro del coche.",
        "Se me quemó {plato} por mirar el partido.",
    ),
    "comment": (
        "Totalmente de acuerdo.",
        "Me pasa igual.",
        "¡Gracias por compartir!",
        "¿Cuánto tardaste?",
        "No lo veo así, pero bueno.",
        "Saludos desde {ciudad}.",
        "Qué bonito.",
    ),
    "message": (
        "Hola, ¿seguimos quedando el sábado?",
        "Llego diez minutos tarde, perdona.",
        "¡Feliz cumpleaños!",
        "¿Sigue disponible la mesa?",
    ),
    "bio": ("{ciudad}. Café, libros y bici.", "Profe y aprendiz de todo.", ""),
    "listing_title": ("Bicicleta de paseo", "Mesa de madera maciza", "Guitarra casi nueva"),
    "listing_description": (
        "Recogida en {ciudad}, efectivo o transferencia.",
        "Algún arañazo, funciona perfecto. Se puede ver cualquier tarde.",
    ),
    "appeal": ("Era una broma entre amigos.", "No entiendo qué norma incumple, revisen por favor."),
    "spam": ("{gancho} {link}", "{gancho} Regístrate ya: {link}", "No es estafa: {gancho} {link}"),
    "gancho": (
        "¡Gana 800 € al día con bitcoin!",
        "Ganancia garantizada, solo hoy.",
        "¡Tarjeta regalo gratis para los primeros cien!",
        "Dinero rápido sin experiencia.",
    ),
    "insult": (
        "Cállate, {insulto}.",
        "Eres un {insulto} y aquí lo sabemos todos.",
        "Borra tu cuenta, {insulto}.",
    ),
    "insulto": ("idiota", "imbécil", "payaso", "inútil"),
    "scam_title": ("iPhone nuevo, mitad de precio", "Piso céntrico muy barato"),
    "scam_description": (
        "Pago solo con tarjeta regalo, estoy en el extranjero.",
        "Depósito por adelantado, escríbeme por WhatsApp. No se puede visitar.",
    ),
    "worry": (
        "Ya no le veo sentido a nada. Nadie lo notaría.",
        "No puedo seguir así, solo quiero desaparecer.",
    ),
}
