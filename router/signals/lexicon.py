"""
Words that tell of haste, trouble and mood, in ten languages: the material of the rules.

Words are as the pass folds them: lower case, no apostrophes. ``a_b`` is two words in a row. Terms
of scripts without gaps are looked for anywhere in the text. Written for this project; a tenant
adds terms of its own (``urgency.Rules``).
"""

from types import MappingProxyType
from typing import Final

URGENCY: Final = MappingProxyType(
    {
        "deadline": """urgent urgently asap immediately today tonight right_now right_away deadline hurry
            dringend sofort heute eilig schnellstens umgehend unverzüglich
            urgente urgentemente hoy inmediatamente cuanto_antes ahora_mismo
            urgence immédiatement aujourdhui rapidement au_plus tout_suite
            hoje imediatamente agora_mesmo quanto_antes oggi subito immediatamente
            dringende onmiddellijk vandaag meteen spoed
            brådskande omedelbart idag snarast haster straks pilne natychmiast dzisiaj acil hemen bugün
            срочно немедленно сегодня 紧急 立即 今天 马上 至急 緊急 今日中 すぐに""",
        "safety": """emergency hospital stranded accident ambulance unsafe danger dangerous fire injured
            notfall krankenhaus unfall gefahr gefährlich emergencia peligro accidente emergência perigo
            emergenza pericolo incidente danger accident noodgeval gevaar ongeluk nödläge olycka fara
            wypadek niebezpieczne tehlike kaza опасно авария 危险 事故 危険""",
        "security": """stolen hacked fraud fraudulent scam unauthorized unauthorised compromised phishing
            lost_my stole breach leaked not_recognise not_recognize dont_recognise dont_recognize
            gestohlen gehackt betrug verloren missbrauch robado robada hackeado fraude estafa
            volé volée piraté arnaque roubado roubada golpe rubato rubata hackerato frode truffa
            gestolen gehackt fraude bedrog stulen bedrägeri stjålet svindel skradziono oszustwo
            çalındı dolandırıcılık украли взломали мошенничество 被盗 诈骗 盗まれ 不正 詐欺""",
        "outage": """down outage broken crashed crash offline unusable locked_out stuck blocked
            not_working doesnt_work stopped_working cant_access cannot_access cant_log cant_login
            ausfall kaputt gesperrt funktioniert_nicht geht_nicht abgestürzt
            caído bloqueado bloqueada no_funciona panne bloqué bloquée ne_marche ne_fonctionne
            bloqueado não_funciona fora_ar bloccato bloccata non_funziona storing geblokkeerd werkt_niet
            fungerar_inte spärrat virker_ikke spærret sperret nie_działa zablokowane çalışmıyor
            не_работает заблокирован 无法 坏了 故障 動かない 使えない""",
        "legal": """lawyer lawsuit sue legal_action chargeback court ombudsman complaint
            anwalt klage gericht rechtsanwalt beschwerde abogado demanda denuncia avocat tribunal plainte
            advogado processo procon avvocato denuncia reclamo advocaat rechtbank klacht advokat
            klagomål adwokat skarga avukat şikayet адвокат суд жалоба 律师 投诉 弁護士 訴訟""",
        "money": """charged_twice double_charged overcharged missing_money money_missing wrong_amount
            doppelt_abgebucht cobrado_dos débité_deux cobrado_duas addebitato_due dubbel_afgeschreven
            pobrano_dwa 重复扣款 二重請求""",
    }
)
"""Terms by what they speak of."""

CALMING: Final = """no_rush no_hurry not_urgent whenever_you when_you just_curious just_wondering
    keine_eile nicht_dringend eilt_nicht sin_prisa no_urgente pas_urgent rien_urgent sem_pressa
    não_urgente senza_fretta non_urgente geen_haast niet_dringend ingen_brådska inte_brådskande
    ikke_haster 不急 急ぎません"""
"""Terms that say there is time."""

POSITIVE: Final = """thanks thank great love loved excellent perfect amazing awesome good happy helpful
    best wonderful pleased appreciate fantastic brilliant nice glad satisfied works_fine
    danke super toll perfekt ausgezeichnet zufrieden freundlich wunderbar hervorragend
    gracias excelente perfecto genial encantado contento maravilloso bueno buena
    merci parfait génial excellent content satisfait formidable bravo
    obrigado obrigada perfeito ótimo ótima adorei maravilhoso bom boa
    grazie perfetto ottimo ottima fantastico contento soddisfatto bravissimi
    bedankt geweldig uitstekend tevreden fijn tack bra utmärkt nöjd fantastisk
    takk godt flott dziękuję świetnie super zadowolony teşekkürler harika mükemmel memnun
    спасибо отлично прекрасно доволен хорошо 谢谢 很好 满意 太棒 ありがとう 素晴らしい 満足
    😀 😃 😄 😊 😍 👍 ❤ 🙏 🎉"""
"""Terms of content customers."""

NEGATIVE: Final = """bad terrible awful horrible worst hate angry furious annoyed annoying disappointed
    disappointing useless ridiculous unacceptable disgusting frustrated frustrating fed_up poor rude
    pathetic joke sick_of never_again waste unhappy upset broken scam wrong failed fail problem
    schlecht furchtbar schrecklich wütend enttäuscht ärgerlich unverschämt inakzeptabel frechheit
    malo mala terrible pésimo horrible enfadado decepcionado inaceptable vergüenza
    mauvais nul horrible furieux déçu déçue inacceptable scandaleux honteux
    ruim péssimo péssima horrível decepcionado raiva inaceitável absurdo vergonha
    pessimo pessima terribile orribile deluso delusa arrabbiato inaccettabile vergogna
    slecht verschrikkelijk boos teleurgesteld onacceptabel dålig hemsk arg besviken oacceptabelt
    dårlig forfærdelig forferdelig vred skuffet uacceptabelt zły okropny wściekły rozczarowany
    kötü berbat kızgın rezalet плохо ужасно отвратительно злой разочарован безобразие
    糟糕 差劲 失望 生气 垃圾 最悪 ひどい 怒 残念 😡 🤬 😠 😤 😞 😢 😭 👎 💔"""
"""Terms of customers who are not."""

NEGATIONS: Final = """not no never dont doesnt didnt isnt wasnt arent cant cannot wont without hardly
    nicht kein keine nie ohne no nunca sin jamás pas jamais sans ne não nem nunca sem non mai senza
    niet geen nooit zonder inte aldrig ikke aldri aldrig nie bez değil hiç не нет никогда без"""
"""Words that turn what follows into its opposite."""

INTENSIFIERS: Final = """very so really extremely absolutely totally completely too sehr so total völlig
    absolut muy tan totalmente très trop tellement vraiment muito tão totalmente molto troppo davvero
    heel erg zeer mycket väldigt meget veldig bardzo çok очень совсем"""
"""Words that strengthen what follows."""
