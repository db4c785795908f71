"""Words that say how, not what: left out of the pairs of words, kept everywhere else."""

from types import MappingProxyType
from typing import Final

STOP_WORDS: Final = MappingProxyType(
    {
        "en": """a an the i im ive id my me mine we our us you your he she it its they them their this
            that these those is was are were be been being am do does did have has had can could
            will would should may might must to of in on for at by with from as if so or and but
            not no there then than what why how when where who which please just any some about
            up out get got dont cant wont isnt""",
        "de": """der die das den dem des ein eine einen einem einer ich mich mir mein meine meinen
            du sie es er wir uns ihr ihre ihren ist sind war bin sein hat habe haben wird werden
            kann können soll muss und oder aber nicht kein keine zu in im an am auf für mit von
            vom bei aus nach wie was wann wo wer warum dass wenn so auch noch schon bitte""",
        "fr": """le la les l un une des du de d je j me m mon ma mes tu il elle on nous vous votre
            vos ils ce cette ces c est sont suis ai a avez avons ont été être avoir et ou mais ne
            n pas plus à au aux en dans sur pour par avec que qu qui quoi comment quand où si se
            s y""",
        "es": """el la los las un una unos unas de del yo me mi mis tu su sus usted lo le se es son
            soy está están he ha han ser estar tengo y o pero no a al en con por para que qué cómo
            cuándo dónde quién si ya más muy""",
        "pt": """o a os as um uma uns umas de do da dos das eu me meu minha meus minhas seu sua você
            ele ela é são sou está estão foi ser ter tenho e ou mas não ao à no na nos nas em com
            por para que como quando onde quem se já mais muito""",
        "it": """il lo la i gli le un uno una di del della dei delle io mi mio mia miei mie tu suo
            sua si è sono ho ha hanno essere avere e o ma non a al alla in nel nella con per da
            dal dalla su che come quando dove chi se già più""",
        "nl": """de het een ik mij mijn me je jouw u uw hij zij ze wij we ons is zijn was ben heb
            heeft hebben kan kunnen moet en of maar niet geen te in op aan voor met van bij uit
            naar hoe wat wanneer waar wie waarom dat dit die als dan ook nog""",
        "sv": """jag mig min mitt mina du ni er han hon vi oss den det de en ett är var vara har hade
            kan ska och eller men inte på i till för med av från om att som hur vad när var vem
            varför så""",
        "da": """jeg mig min mit mine du I jer han hun vi os den det de en et er var være har havde
            kan skal og eller men ikke på i til for med af fra om at som hvordan hvad hvornår hvor
            hvem hvorfor så""",
        "no": """jeg meg min mitt mine du dere han hun vi oss den det de en et er var være har hadde
            kan skal og eller men ikke på i til for med av fra om at som hvordan hva når hvor hvem
            hvorfor så""",
        "fi": """minä minun minua mun se sen tämä on ovat oli olla en ei et ja tai mutta että kun jos
            mikä mitä miten milloin missä kuka miksi voi voin""",
        "pl": """ja mnie mi mój moja moje się to ten ta te jest są był być mam ma i lub ale nie w na
            do z ze od o za po przez że jak co kiedy gdzie kto dlaczego czy""",
        "tr": """ben bana benim bu şu o bir ve veya ama değil mi mı için ile de da ne nasıl zaman
            nerede kim neden var yok""",
        "ru": """я мне меня мой моя мои ты вы вас он она оно мы нас это этот эта и или но не в на с
            со к у о от до за по из для что как когда где кто почему ли есть был была быть""",
        "uk": """я мені мене мій моя мої ти ви вас він вона воно ми нас це цей ця і й або але не в у
            на з до від за по із для що як коли де хто чому чи є був була бути""",
    }
)
"""Function words by language, as they are folded (`letters.folded`)."""
