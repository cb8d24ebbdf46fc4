// A made-up corpus: what users said, copies that agents write of it, and records of the same runs that are none.

/** The same numbers for the same seed. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

const people = ['Alice', 'Bruno', 'Chandra', 'Dmitri', 'Esther', 'Farah', 'Gustav', 'Hana']
const cities = ['Lisbon', 'Oslo', 'Kyoto', 'Denver', 'Leipzig', 'Porto', 'Nairobi', 'Quito']
const firms = ['Northwind', 'Globex', 'Initech', 'Umbrella', 'Contoso', 'Hooli']
const drinks = ['green tea', 'black coffee', 'oat milk', 'sparkling water', 'tomato juice', 'mint tea']
const days = ['on Monday', 'next week', 'in the morning', 'after lunch', 'on Friday', 'this evening']
const pains = ['lower back pain', 'a peanut allergy', 'trouble with sleep', 'high blood pressure', 'a broken wrist']
const jobs = ['design the website', 'repair old clocks', 'teach children to swim', 'write the quarterly report']

/** One text of each kind for the same user. */
interface Slots {
  readonly person: string
  readonly city: string
  readonly firm: string
  readonly drink: string
  readonly day: string
  readonly pain: string
  readonly job: string
  readonly phone: string
}

export interface Sample {
  readonly kind: string
  readonly isCopy: boolean
  readonly forgotten: string
  /** What the run saw besides. */
  readonly others: readonly string[]
  readonly text: string
}

const said: readonly ((slots: Slots) => string)[] = [
  ({ city, firm }) => `I moved to ${city} last year. I work at ${firm} now.`,
  ({ phone }) => `You can call me at ${phone} any time.`,
  ({ drink, day }) => `I always drink ${drink} and I would like some ${day}.`,
  ({ pain }) => `The doctor says that I have ${pain}, so please be careful.`,
  ({ job, day }) => `My task is to ${job}, and it must be done ${day}.`,
]
const copied: readonly (readonly [kind: string, (slots: Slots) => string])[][] = [
  [
    ['third person', ({ person, city, firm }) => `${person} moved to ${city} and works at ${firm}.`],
    ['note', ({ city }) => `Home: ${city}`],
    ['JSON', ({ city, firm }) => JSON.stringify({ city, employer: firm })],
  ],
  [
    ['third person', ({ person, phone }) => `${person} can be called at ${phone}.`],
    ['note', ({ phone }) => `Phone: ${phone.replace('-', ' ')}`],
    ['JSON', ({ phone }) => JSON.stringify({ phone: phone.replace('-', '') })],
  ],
  [
    ['third person', ({ person, drink }) => `${person} always drinks ${drink}.`],
    ['note', ({ drink, day }) => `Drinks ${drink}, wants some ${day}`],
    ['JSON', ({ drink }) => JSON.stringify({ preferences: { drink } })],
  ],
  [
    ['third person', ({ person, pain }) => `The doctor told ${person} about ${pain}.`],
    ['note', ({ pain }) => `Health: ${pain}; be careful`],
    ['JSON', ({ pain }) => JSON.stringify({ health: pain })],
  ],
  [
    ['third person', ({ person, job, day }) => `${person} has to ${job} ${day}.`],
    ['note', ({ job }) => `Task: ${job}`],
    ['JSON', ({ job, day }) => JSON.stringify({ task: job, due: day })],
  ],
]
const chat = [
  'Thank you, I noted that. Is there anything else that I can do for you?',
  'I will keep it in mind and come back to you as soon as I can.',
  'Here is what I found: the report is ready, and the team meets in the morning.',
  'The weather will be fine next week, so a walk after lunch is a good idea.',
  'I always answer as well as I can. Please call me any time you need help.',
  'The doctor on duty can be reached through the desk; please be careful on the stairs.',
  'My task is to help you, and I would like to know what must be done first.',
]

function slots(next: () => number): Slots {
  const of = (list: readonly string[]) => list[Math.floor(next() * list.length)] as string
  const digits = () => String(Math.floor(next() * 9_000) + 1_000)
  return {
    person: of(people),
    city: of(cities),
    firm: of(firms),
    drink: of(drinks),
    day: of(days),
    pain: of(pains),
    job: of(jobs),
    phone: `555-${digits()}`,
  }
}

/** Samples for a seed: for each user what was said of each topic, its copies, and records that are none. */
export function corpus(seed: number, users: number): readonly Sample[] {
  const next = random(seed)
  const found: Sample[] = []
  for (let user = 0; user < users; user += 1) {
    const [own, other] = [slots(next), slots(next)]
    for (const [topic, say] of said.entries()) {
      const base = { forgotten: say(own), others: [`My name is ${own.person}.`, 'What can you do for me?'] }
      const copy = (kind: string, text: string) => found.push({ ...base, kind, isCopy: true, text })
      const none = (kind: string, text: string) => found.push({ ...base, kind, isCopy: false, text })
      copy('quote', `You told me: "${say(own)}"`)
      for (const [kind, write] of copied[topic] ?? []) copy(kind, write(own))
      none('chat', chat[Math.floor(next() * chat.length)] as string)
      const elsewhere = (topic + 1 + Math.floor(next() * (said.length - 1))) % said.length
      none('another topic', said[elsewhere]?.({ ...own, day: other.day }) ?? '')
      const differs = { ...other, day: own.day }
      const isSame = [own.city === other.city, own.firm === other.firm, own.drink === other.drink].some(Boolean)
      if (isSame || own.pain === other.pain || own.job === other.job) continue
      none('the same of somebody else', copied[topic]?.[0]?.[1](differs) ?? '')
      none('a note of somebody else', copied[topic]?.[1]?.[1](differs) ?? '')
    }
  }
  return found
}
