"""How the simulated Portuguese speakers write."""

from __future__ import annotations

from typing import Final

PORTUGUESE: Final = {
    "post": ("{diario}", "{diario} {fecho}", "{pergunta}", "{futebol}", "{viagem}", "{distracao}"),
    "diario": (
        "Finalmente acertei {prato}, {quem} pediu mais.",
        "{quem} me ensinou a fazer {prato} do jeito antigo.",
        "Primeira corrida de dez quilômetros, pernas de gelatina.",
        "O manjericão da varanda resistiu ao inverno.",
    ),
    "prato": ("o pão de queijo", "a feijoada", "o bolo de cenoura", "o bacalhau"),
    "quem": ("minha avó", "meu irmão", "a vizinha", "minha filha"),
    "fecho": ("Que alegria.", "Mais alguém?", "Depois posto fotos.", "Bom domingo!"),
    "pergunta": (
        "O que vocês estão lendo?",
        "Alguém tem uma boa receita para {prato}?",
        "Qual bairro tranquilo em {cidade}?",
    ),
    "cidade": ("Lisboa", "Recife", "Porto", "Curitiba", "Salvador"),
    "futebol": (
        "Que jogo ontem, {placar} na prorrogação!",
        "Nunca foi pênalti.",
        "Perdemos {placar}.",
    ),
    "placar": ("2 a 1", "3 a 3", "4 a 0"),
    "viagem": ("Três dias em {cidade} e muita ladeira.", "Ônibus noturno para {cidade}."),
    "distracao": ("Que burro eu sou, esqueci a chave no carro.", "Queimei {prato} de novo."),
    "comment": (
        "Concordo demais.",
        "Aqui também!",
        "Obrigado por compartilhar.",
        "Quanto tempo levou?",
        "Discordo, mas tudo bem.",
        "Abraço de {cidade}!",
    ),
    "message": (
        "Oi, ainda vamos no sábado?",
        "Vou atrasar dez minutos, desculpa!",
        "Parabéns pelo aniversário!",
        "A mesa ainda está à venda?",
    ),
    "bio": ("{cidade}. Praia e livros.", "Professora, corredora, curiosa.", ""),
    "listing_title": ("Bicicleta aro 29", "Mesa de jantar", "Violão quase novo"),
    "listing_description": (
        "Retirada em {cidade}, dinheiro ou transferência.",
        "Alguns riscos, funciona bem. Pode ver à tarde.",
    ),
    "appeal": ("Foi uma brincadeira entre amigos.", "Por favor, revisem."),
    "spam": ("{isca} {link}", "{isca} Cadastre-se já: {link}"),
    "isca": (
        "Ganhe R$ 900 por dia com bitcoin!",
        "Lucro garantido, só hoje.",
        "Vale-presente grátis para os cem primeiros!",
        "Dinheiro rápido sem experiência.",
    ),
    "insult": ("Cala a boca, {ofensa}.", "Você é um {ofensa}.", "Some daqui, {ofensa}."),
    "ofensa": ("idiota", "imbecil", "palhaço", "otário"),
    "scam_title": ("iPhone lacrado, metade do preço", "Apartamento no centro muito barato"),
    "scam_description": (
        "Pagamento só com vale-presente, estou fora do país.",
        "Depósito antecipado, fale comigo no WhatsApp. Sem visita.",
    ),
    "worry": ("Não vejo mais sentido em nada.", "Não aguento mais, queria sumir."),
}
