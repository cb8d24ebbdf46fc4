/** How times are said in English. */
import type { TimeVocabulary } from './vocabulary.ts'

export const englishTimes: TimeVocabulary = {
  months: [
    'january jan',
    'february feb',
    'march mar',
    'april apr',
    'may',
    'june jun',
    'july jul',
    'august aug',
    'september sep sept',
    'october oct',
    'november nov',
    'december dec',
  ],
  weekdays: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
  units: {
    hour: 'hour hours minute minutes',
    day: 'day days night nights',
    week: 'week, weeks, week before last',
    weekend: 'weekend weekends',
    month: 'month, months, month before last',
    quarter: 'quarter quarters',
    year: 'year, years, year before last',
    decade: 'decade decades',
  },
  seasons: ['spring', 'summer', 'autumn fall', 'winter'],
  days: {
    [-2]: 'day before yesterday,',
    [-1]: 'yesterday, last night, last evening',
    0: 'today, tonight, this morning, this afternoon, this evening',
    1: 'tomorrow',
    2: 'day after tomorrow,',
  },
  which: {
    beforeLast: 'week before last, month before last, year before last',
    last: 'last previous',
    past: 'past, this past',
    this: 'this current',
    next: 'next coming upcoming following',
  },
  numbers: [
    'a, an, one',
    'two, couple, couple of, a couple of, a couple',
    'three',
    'four',
    'five',
    'six',
    'seven',
    'eight',
    'nine',
    'ten',
    'eleven',
    'twelve',
  ],
  few: 'few, a few, several, some',
  unsure: 'may march mar jan feb apr jun jul aug sep sept oct nov dec spring fall',
  roles: {
    ago: 'ago back',
    agoBefore: '',
    ahead: 'in within',
    before: 'before, prior to',
    after: 'after',
    since: 'since',
    until: 'until till',
    from: 'from',
    between: 'between',
    and: 'and to through till until',
    lead: 'in on during by late early mid over around at',
    filler: 'of the st nd rd th year month',
    plain:
      'what who which how when where why was is are were did do does done has have had been be i we you they he she it me us my our your ' +
      'happened happen happens happening going went on new news up to with about there any anything all everything things thing stuff ' +
      'some something talk talked talking discuss discussed say said tell told show list give summary summarize summarise sum ' +
      'recap remember recall mention mentioned that and please can could would so get got know of the for in events topics messages conversation ' +
      'conversations chat chats update updates most important best much a an other each',
  },
}
