/** English words that carry grammar and no topic: the index of words leaves them out. */
import { stemmer } from 'stemmer'

const words = `
a an the this that these those such
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
it its itself they them their theirs themselves one
am is are was were be been being have has had having do does did doing done
can could will would shall should may might must ought
and or but nor so yet if then else than because as until while though although whether unless
of at by for with about against between into through during before after above below to from up down in out on off over
under again further upon onto within without toward towards among across around along since
what which who whom whose when where why how
all any both each few more most other some no not only own same too very just also there here now ever
s t d m ll re ve don didn doesn isn aren wasn weren hasn haven hadn won wouldn couldn shouldn ain
`

/** Stop words by their stems, so that a form of one that is not listed is dropped as well. */
export const stopStems: ReadonlySet<string> = new Set(words.trim().split(/\s+/).map(stemmer))
