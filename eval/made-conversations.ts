// Conversations that are made of parts, with questions about what was planted in them. No rule of memory was made for them.
import { createRandom } from '../bench/corpus.ts'
import type { Conversation, EvidenceQuestion, Turn } from './questions.ts'

const people = [
  ['Noor', 'Tobias'],
  ['Ingrid', 'Mateo'],
  ['Yuki', 'Fergus'],
] as const
const turnsOf = 600
const turnsOfSession = 30
const dayMs = 86_400_000

const lists = {
  thing: `accordion barometer canoe dulcimer easel fermenter greenhouse hammock incubator juicer kiln loom mandolin
    nightlight oscilloscope pergola quilt rowboat sextant telescope ukulele violin wetsuit xylophone yurt zither anvil bellows
    carburetor dynamo espaliers freezer gazebo hydrofoil inverter jigsaw kayak lathe metronome nettle`,
  place: `Aveiro Bruges Cusco Dresden Esbjerg Faro Ghent Hobart Izmir Jaca Kalmar Lviv Mostar Narvik Odense Piran Quito Riga
    Sibiu Tartu Uppsala Visby Windhoek Xalapa Yerevan Zadar Arles Bilbao Coimbra Delft Evora Fes Gdansk Hue`,
  person: `Abel Bettina Cosmo Dagny Elio Farah Gideon Hanae Ivo Jolanta Kwame Lotte Marisol Nils Oona Pradeep Qadir Rosalie
    Stefan Tamsin Ulla Viggo Wanda Xenia Yorick Zelda`,
  skill: `basketry calligraphy dowsing embroidery falconry glazing herbalism illustration juggling knotwork lettering
    marquetry needlework origami pottery quilting restoration shorthand tailoring upholstery vaulting weaving yodelling`,
  trouble: `allergies blisters cramps dizziness eyestrain fatigue gout hiccups insomnia jitters migraines nausea
    overheating palpitations rash sciatica tinnitus vertigo`,
  month: 'January February March April May June July August September October November December',
} as const

const wordsOf = (list: string): readonly string[] => lists[list as keyof typeof lists].split(/\s+/)

/** What somebody says, and what may be asked about it. The slots of a question are those of the statement. */
const statements: readonly (readonly [said: readonly string[], question: string])[] = [
  [['I finally bought the {thing}, after all this time.'], 'Who bought the {thing}?'],
  [
    ['We are going to {place} in {month}, the tickets came to {number} euros.'],
    'How much were the tickets to {place}?',
  ],
  [['{person} moved to {place} and does not miss the old flat one bit.'], 'Where does {person} live?'],
  [['I have taken up {skill}; it calms me down in the evening.'], 'What is done to calm down in the evening?'],
  [['My doctor thinks that the {trouble} comes from the new chair.'], 'What does the doctor think of the {trouble}?'],
  [['Remember the {thing}? I sold it to {person} for {number} crowns.'], 'Who got the {thing}?'],
  [['Which town was it again, with the {thing}?', '{place}, I think.'], 'In which town was the {thing}?'],
  [['Not {place} any more: the meeting with {person} is in {month} now.'], 'When is the meeting with {person}?'],
  [['{person} taught the children {skill} and they could not stop laughing.'], 'Who taught the children {skill}?'],
  [['I dreamt of a {thing} that kept growing until it filled the kitchen.'], 'What was the dream with the {thing}?'],
  [
    ['How many people came to the {skill} class?', '{number}, more than last time.'],
    'How many came to the {skill} class?',
  ],
  [['Nothing helps with the {trouble} except a walk before breakfast.'], 'What helps with the {trouble}?'],
]

const chatter =
  `That sounds lovely, tell me more!|Oh wow, I had no idea.|Ha, that is so like you.|How have you been otherwise?
Same here, nothing much to report.|I was thinking about that too the other day.|You always find a way.|Take it easy, okay?
It was good to talk, as always.|What a day, I am still tired from it.|Let us catch up properly soon.|I know exactly what you mean.
Well, things take the time they take.|That must have been quite something.|Thanks for listening to me.|Who would have thought?
I keep telling everybody about it.|It is quiet around here at the moment.|Fair enough, I would do the same.`
    .split(/[|\n]/)
    .map((line) => line.trim())

function conversationOf(seed: number, speakers: readonly [string, string]): Conversation {
  const random = createRandom(seed)
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item
  const turns: Turn[] = []
  const questions: EvidenceQuestion[] = []
  const asked = new Set<string>()
  const say = (speaker: number, text: string): string => {
    const session = Math.floor(turns.length / turnsOfSession)
    const at = new Date(Date.UTC(2024, 0, 5, 18) + session * 9 * dayMs + turns.length * 1_000).toISOString()
    const id = `${seed}:${turns.length}`
    turns.push({ id, session, author: speakers[speaker % 2] as string, at, text })
    return id
  }
  while (turns.length < turnsOf) {
    const speaker = Math.floor(random() * 2)
    if (random() < 0.55) {
      say(speaker, pick(chatter))
      continue
    }
    const [said, question] = pick(statements)
    const slots = new Map<string, string>()
    const filled = (text: string) =>
      text.replace(/\{(\w+)\}/g, (_, slot: string) => {
        const known =
          slots.get(slot) ?? (slot === 'number' ? String(10 + Math.floor(random() * 900)) : pick(wordsOf(slot)))
        slots.set(slot, known)
        return known
      })
    const ids = said.map((text, place) =>
      say(speaker + place, `${filled(text)}${random() < 0.3 ? ` ${pick(chatter)}` : ''}`),
    )
    const own = filled(question)
    if (asked.has(own)) continue
    asked.add(own)
    questions.push({ id: `${seed}#${questions.length}`, question: own, evidence: ids })
  }
  return { name: speakers.join(' and '), turns, questions }
}

/** Three conversations of 600 turns, the same in every run. */
export function madeConversations(): readonly Conversation[] {
  return people.map((speakers, place) => conversationOf(place + 1, speakers))
}
