// How something was said: what is counted, and that the marks hold it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asksMark, marksOf, namesIn, replyMark, speechOf, timesIn } from '../../../src/domain/index/speech.ts'
import { runRandom } from '../../random-runs.ts'

describe('speech', () => {
  it.each([
    ['We went to Paris last weekend.', { times: 1, names: 1, firstPerson: 1, words: 6 }],
    ['Thanks! Did you read "Blue Sky" yet? I did', { isReply: true, asks: true, names: 1, secondPerson: 1 }],
    ['Monday, Tuesday, Wednesday, Thursday', { times: 3, firstPerson: 0 }],
    ['Nicely done', { isReply: false }],
    ['', { words: 1, times: 0, asks: false }],
  ])('of %j', (text, expected) => expect(speechOf(text)).toMatchObject(expected))

  it('of a long text is that of its beginning', () => {
    expect(speechOf('I '.repeat(100_000))).toMatchObject({ words: 2_000, firstPerson: 2_000 })
  })

  it('is held by its marks', () =>
    runRandom(
      fc.property(fc.string(), (text) => {
        const speech = speechOf(text)
        const marks = marksOf(speech)
        expect({
          asks: (marks & asksMark) !== 0,
          isReply: (marks & replyMark) !== 0,
          times: timesIn(marks),
          names: namesIn(marks),
        }).toEqual({ asks: speech.asks, isReply: speech.isReply, times: speech.times, names: speech.names })
        expect(marks).toBeLessThan(64)
      }),
      100,
    ))
})
