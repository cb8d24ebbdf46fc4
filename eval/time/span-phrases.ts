// Phrases that say a span of time in four languages, and the days that each means, by arithmetic of its own.

/** From a day up to another that is not in it; days since 1970. */
export interface MeantDays {
  readonly from: number
  readonly to: number
}

export const phraseLanguages = ['english', 'german', 'french', 'spanish'] as const
export type PhraseLanguage = (typeof phraseLanguages)[number]

/** A span that has some day in it, said on another day. */
interface SpanForm {
  readonly name: string
  /** The span of this form that has the day; null if the day cannot be said so on the other. */
  readonly spanOf: (day: Date, now: Date) => MeantDays | null
  readonly say: Readonly<Record<PhraseLanguage, (day: Date) => string>>
}

const dayMs = 86_400_000
const numberOf = (date: Date) => Math.floor(date.getTime() / dayMs)
const utc = (year: number, month: number, day: number) => new Date(Date.UTC(year, month, day))
const mondayOf = (date: Date) => numberOf(date) - ((date.getUTCDay() + 6) % 7)
const parts = (date: Date) => [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()] as const

const locales = { english: 'en', german: 'de', french: 'fr', spanish: 'es' } as const
const named = (language: PhraseLanguage, date: Date, field: 'month' | 'weekday') =>
  new Intl.DateTimeFormat(locales[language], { [field]: 'long', timeZone: 'UTC' }).format(date)

function wholeMonth(date: Date): MeantDays {
  const [year, month] = parts(date)
  return { from: numberOf(utc(year, month, 1)), to: numberOf(utc(year, month + 1, 1)) }
}

/** A span, if the day is in it. */
const having = (day: Date, span: MeantDays) => (numberOf(day) >= span.from && numberOf(day) < span.to ? span : null)

export const spanForms: readonly SpanForm[] = [
  {
    name: 'yesterday',
    spanOf: (day, now) => having(day, { from: numberOf(now) - 1, to: numberOf(now) }),
    say: { english: () => 'yesterday', german: () => 'gestern', french: () => 'hier', spanish: () => 'ayer' },
  },
  {
    name: 'the day before yesterday',
    spanOf: (day, now) => having(day, { from: numberOf(now) - 2, to: numberOf(now) - 1 }),
    say: {
      english: () => 'the day before yesterday',
      german: () => 'vorgestern',
      french: () => 'avant-hier',
      spanish: () => 'anteayer',
    },
  },
  {
    name: 'last week',
    spanOf: (day, now) => having(day, { from: mondayOf(now) - 7, to: mondayOf(now) }),
    say: {
      english: () => 'last week',
      german: () => 'letzte Woche',
      french: () => 'la semaine dernière',
      spanish: () => 'la semana pasada',
    },
  },
  {
    name: 'two weeks ago',
    spanOf: (day, now) => having(day, { from: mondayOf(now) - 14, to: mondayOf(now) - 7 }),
    say: {
      english: () => 'two weeks ago',
      german: () => 'vor zwei Wochen',
      french: () => 'il y a deux semaines',
      spanish: () => 'hace dos semanas',
    },
  },
  {
    name: 'last month',
    spanOf: (day, now) => having(day, wholeMonth(utc(now.getUTCFullYear(), now.getUTCMonth() - 1, 1))),
    say: {
      english: () => 'last month',
      german: () => 'im letzten Monat',
      french: () => 'le mois dernier',
      spanish: () => 'el mes pasado',
    },
  },
  {
    name: 'a month with its year',
    spanOf: (day) => wholeMonth(day),
    say: {
      english: (day) => `in ${named('english', day, 'month')} ${day.getUTCFullYear()}`,
      german: (day) => `im ${named('german', day, 'month')} ${day.getUTCFullYear()}`,
      french: (day) => `en ${named('french', day, 'month')} ${day.getUTCFullYear()}`,
      spanish: (day) => `en ${named('spanish', day, 'month')} de ${day.getUTCFullYear()}`,
    },
  },
  {
    name: 'a date with its year',
    spanOf: (day) => ({ from: numberOf(day), to: numberOf(day) + 1 }),
    say: {
      english: (day) => `on ${day.getUTCDate()} ${named('english', day, 'month')} ${day.getUTCFullYear()}`,
      german: (day) => `am ${day.getUTCDate()}. ${named('german', day, 'month')} ${day.getUTCFullYear()}`,
      french: (day) => `le ${day.getUTCDate()} ${named('french', day, 'month')} ${day.getUTCFullYear()}`,
      spanish: (day) => `el ${day.getUTCDate()} de ${named('spanish', day, 'month')} de ${day.getUTCFullYear()}`,
    },
  },
  {
    name: 'a weekday',
    spanOf: (day, now) =>
      having(day, { from: numberOf(now) - 7, to: numberOf(now) }) && {
        from: numberOf(day),
        to: numberOf(day) + 1,
      },
    say: {
      english: (day) => `on ${named('english', day, 'weekday')}`,
      german: (day) => `am ${named('german', day, 'weekday')}`,
      french: (day) => `${named('french', day, 'weekday')} dernier`,
      spanish: (day) => `el ${named('spanish', day, 'weekday')} pasado`,
    },
  },
  {
    name: 'since a date',
    spanOf: (day, now) => ({ from: numberOf(day), to: numberOf(now) + 1 }),
    say: {
      english: (day) => `since ${named('english', day, 'month')} ${day.getUTCDate()}, ${day.getUTCFullYear()}`,
      german: (day) => `seit dem ${day.getUTCDate()}. ${named('german', day, 'month')} ${day.getUTCFullYear()}`,
      french: (day) => `depuis le ${day.getUTCDate()} ${named('french', day, 'month')} ${day.getUTCFullYear()}`,
      spanish: (day) => `desde el ${day.getUTCDate()} de ${named('spanish', day, 'month')} de ${day.getUTCFullYear()}`,
    },
  },
  {
    name: 'the last three weeks',
    spanOf: (day, now) => having(day, { from: numberOf(now) - 21, to: numberOf(now) + 1 }),
    say: {
      english: () => 'in the last three weeks',
      german: () => 'in den letzten drei Wochen',
      french: () => 'ces trois dernières semaines',
      spanish: () => 'en las últimas tres semanas',
    },
  },
]

/** Whole questions around a word and a span. */
export const wordQuestions: Readonly<Record<PhraseLanguage, (word: string, span: string) => string>> = {
  english: (word, span) => `What did we say about ${word} ${span}?`,
  german: (word, span) => `Was haben wir ${span} über ${word} gesagt?`,
  french: (word, span) => `Qu’avons-nous dit de ${word} ${span} ?`,
  spanish: (word, span) => `¿Qué dijimos de ${word} ${span}?`,
}

/** Questions for nothing but a span. */
export const spanQuestions: Readonly<Record<PhraseLanguage, (span: string) => string>> = {
  english: (span) => `What happened ${span}?`,
  german: (span) => `Was ist ${span} passiert?`,
  french: (span) => `Que s’est-il passé ${span} ?`,
  spanish: (span) => `¿Qué pasó ${span}?`,
}
