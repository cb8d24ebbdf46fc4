import { describe, expect, it } from 'vitest'
import {
  type Action,
  actionOf,
  type Candidate,
  decisionQuestion,
  type FactDecision,
  shownFacts,
} from '../../src/derive/decide.ts'
import type { Actor } from '../../src/domain/actor.ts'
import type { FactState } from '../../src/domain/records/fact.ts'
import type { Trust } from '../../src/domain/trust.ts'

const bot: Actor = { kind: 'agent', id: 'bot' }
const scout: Actor = { kind: 'agent', id: 'scout' }

function fact(id: string, trust: Trust = 'agent', assertedBy: Actor = bot): FactState {
  const text = `Fact ${id}`
  return { id, text, trust, assertedBy, validFrom: '2026-01-01T00:00:00.000Z' } as FactState
}

const [a, b, c] = [fact('a'), fact('b'), fact('c')]
const candidate = (text: string, ...near: FactState[]): Candidate => ({
  statement: { text, from: [0] },
  near,
  said: null,
})

/** The words count as much as who says them. */
const against = (): Trust => 'user'

describe('the question', () => {
  const question = decisionQuestion([candidate('One', a, b), candidate('Two', b, c)])

  it('names each fact once, by a small number', () => {
    expect(shownFacts([candidate('One', a, b), candidate('Two', b, c)])).toEqual([a, b, c])
    expect(question.prompt.split('\n')).toEqual([
      'Facts:',
      '{"fact":1,"text":"Fact a","since":"2026-01-01T00:00:00.000Z"}',
      '{"fact":2,"text":"Fact b","since":"2026-01-01T00:00:00.000Z"}',
      '{"fact":3,"text":"Fact c","since":"2026-01-01T00:00:00.000Z"}',
      'Statements:',
      '{"statement":1,"text":"One","nearest":[1,2]}',
      '{"statement":2,"text":"Two","nearest":[2,3]}',
    ])
  })

  it('refuses an answer about nothing that was shown', () => {
    const problem = (...decisions: [number, FactDecision['action'], number | null][]) =>
      question.problem?.({ decisions: decisions.map(([statement, action, fact]) => ({ statement, action, fact })) })
    expect(problem()).toContain('no decision')
    expect(problem([3, 'add', null], [0, 'add', null])).toContain('no decision')
    expect(problem([1, 'update', 4], [2, 'none', 0])).toContain('1 to 3')
    expect(problem([1, 'update', 4], [2, 'none', 3])).toBeNull()
    expect(problem([1, 'update', 4], [2, 'add', null])).toBeNull()
    expect(problem([1, 'add', 9])).toBeNull()
    expect(problem([1, 'none', null])).toBeNull()
  })
})

describe('what a decision comes to', () => {
  const short = (action: Action) => {
    if (action.event === 'ADD') return `ADD${action.contradicts === null ? '' : ` against ${action.contradicts.id}`}`
    return `${action.event} ${action.event === 'NONE' ? action.fact.id : action.old.id}`
  }
  const decide = (
    action: FactDecision['action'],
    number: number | null,
    more: { actor?: Actor; trust?: Trust; facts?: FactState[] } = {},
  ) => {
    const { actor = bot, trust = 'agent', facts = [a, b] } = more
    const decision = { statement: 1, action, fact: number }
    return short(actionOf(candidate('New', ...facts), decision, facts, { actor, trust, against }, new Set(['gone'])))
  }

  it('is what was decided about a fact that was shown', () => {
    expect([decide('add', null), decide('update', 2), decide('delete', 1), decide('none', 2)]).toEqual([
      'ADD',
      'UPDATE b',
      'DELETE a',
      'NONE b',
    ])
    expect(decide('none', null)).toBe('NONE a')
  })

  it('is a new fact without a decision, or where it names what was not shown', () => {
    expect(
      short(actionOf(candidate('New', a), undefined, [a], { actor: bot, trust: 'agent', against }, new Set())),
    ).toBe('ADD')
    for (const number of [0, 3, -1, 1.5]) expect(decide('update', number)).toBe('ADD')
    expect([decide('update', null), decide('delete', null), decide('none', 9)]).toEqual(['ADD', 'ADD', 'ADD'])
    expect(decide('update', 1, { facts: [fact('gone')] })).toBe('ADD')
  })

  it('ends only facts of lower trust, or of the same actor and no higher trust', () => {
    const ends = (actor: Actor, trust: Trust, of: FactState) =>
      decide('update', 1, { actor, trust, facts: [of] }) === 'UPDATE x'
    expect(ends(bot, 'agent', fact('x', 'agent', bot))).toBe(true)
    expect(ends(bot, 'user', fact('x', 'agent', bot))).toBe(true)
    expect(ends(scout, 'user', fact('x', 'agent', bot))).toBe(true)
    expect(ends(scout, 'agent', fact('x', 'agent', bot))).toBe(false)
    expect(ends(bot, 'agent', fact('x', 'user', bot))).toBe(false)
    expect(ends(scout, 'tool', fact('x', 'user', bot))).toBe(false)
    expect(decide('delete', 1, { actor: scout, facts: [fact('x')] })).toBe('ADD against x')
  })

  it('ends nothing with words that somebody of less trust said, nor a fact that is newer than the words', () => {
    const decision = { statement: 1, action: 'update', fact: 1 } as const
    const facts = [fact('x', 'agent', bot)]
    const standing = { actor: bot, trust: 'user' } as const
    const by = (trust: Trust) => ({ ...standing, against: () => trust })
    const acted = (trust: Trust) => actionOf(candidate('New', ...facts), decision, facts, by(trust), new Set())
    expect([short(acted('agent')), short(acted('tool'))]).toEqual(['UPDATE x', 'ADD against x'])
    const old = { ...candidate('New', ...facts), said: '2025-12-31T23:59:59.999Z' }
    for (const trust of ['user', 'tool'] as const) {
      expect(actionOf(old, decision, facts, by(trust), new Set())).toMatchObject({ event: 'ADD', newer: facts[0] })
    }
  })

  it('ends each fact once', () => {
    const ended = new Set<string>()
    const facts = [a]
    const once = () =>
      actionOf(
        candidate('New', a),
        { statement: 1, action: 'update', fact: 1 },
        facts,
        { actor: bot, trust: 'agent', against },
        ended,
      )
    expect([short(once()), short(once())]).toEqual(['UPDATE a', 'ADD'])
  })
})
