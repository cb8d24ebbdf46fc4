// How memory serves agents: what a Memory, an agent and a call say of it, checked and merged.
import { Memory, type MemoryBehaviour, type MemoryOptions, type StandardSchema } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defaultLimits } from '../../src/domain/limits.ts'
import { mergeBehaviour, parseBehaviour } from '../../src/memory/options/behaviour.ts'
import { openMemory, refused } from '../memory/opened.ts'

const schema: StandardSchema = z.object({ name: z.string() })
const otherSchema: StandardSchema = z.object({ city: z.string() })

const full: MemoryBehaviour = {
  lastMessages: 1_000,
  messageHistory: { maxTokens: 1_000_000 },
  semanticRecall: {
    topK: 1_000,
    messageRange: { before: 0, after: 100 },
    scope: 'thread',
    threshold: 1,
    gate: 'off',
    filter: { topic: { $in: ['a', 'b'] } },
    tokenBudget: 1,
  },
  workingMemory: { enabled: true, scope: 'thread', template: '# Name', agentManaged: false, readOnly: true },
  facts: true,
  pinnedFacts: { tokenBudget: 100 },
  team: 'acme',
  observationalMemory: false,
  generateTitle: { model: 'openai/gpt-5.4-mini', instructions: 'Three words.', maxChars: 1_000 },
  readOnly: true,
  turns: 'parallel',
  history: 'new-only',
}

const extractor = { name: 'mood', instructions: 'How do they feel?' }
const badNotes: readonly [string, unknown][] = [
  ...[0, 1.5, -1, 'much', true].map((value): [string, unknown] => ['observation.bufferTokens', value]),
  ...[0.9, 100.5, -2, '2'].map((value): [string, unknown] => ['observation.blockAfter', value]),
  ['observation.bufferActivation', 1.1],
  ['observation.previousObserverTokens', -1],
  ['observation.maxTokensPerBatch', 0],
  ['observation.instruction', ''],
  ['observation.extract', 'mood'],
  ['reflection.blockAfter', 0.5],
  ['reflection.instruction', 7],
  ['activateAfterIdle', 'soon'],
  ['activateAfterIdle', null],
  ['activateAfterIdle', 0],
  ['temporalMarkers', 1],
  ['retrieval', 'yes'],
  ['retrieval.scope', 'team'],
  ['dailyTokens', 0],
  ['maxWaitMs', -1],
  ['maxWaitMs', 86_400_001],
  ['hooks', []],
  ['hooks.beforeObservation', 'redact'],
]

describe('options of a Memory', () => {
  it.each<[string, MemoryBehaviour]>([
    ['nothing', {}],
    ['everything', full],
    ['no messages', { lastMessages: false }],
    ['0 messages', { lastMessages: 0 }],
    ['no recall', { semanticRecall: false }],
    ['recall by default', { semanticRecall: true }],
    ['a range as a number', { semanticRecall: { messageRange: 0 } }],
    ['a schema', { workingMemory: { schema } }],
  ])('takes %s', (_, options) => {
    openMemory({ options })
    expect(parseBehaviour(options, 'options')).toEqual(options)
  })

  const bad: [string, unknown, string][] = [
    ['no object', 7, 'options'],
    ['a list', [], 'options'],
    ['an unknown name', { lastMessage: 3 }, 'options'],
    ['-1 messages', { lastMessages: -1 }, 'options.lastMessages'],
    ['half a message', { lastMessages: 0.5 }, 'options.lastMessages'],
    ['NaN messages', { lastMessages: Number.NaN }, 'options.lastMessages'],
    ['1,001 messages', { lastMessages: 1_001 }, 'options.lastMessages'],
    ['messages as true', { lastMessages: true }, 'options.lastMessages'],
    ['messages as null', { lastMessages: null }, 'options.lastMessages'],
    ['a history that is a number', { messageHistory: 100 }, 'options.messageHistory'],
    ['a history of no tokens', { messageHistory: { maxTokens: 0 } }, 'options.messageHistory.maxTokens'],
    ['a history of something else', { messageHistory: { tokens: 1 } }, 'options.messageHistory'],
    ['recall as a text', { semanticRecall: 'yes' }, 'options.semanticRecall'],
    ['recall of something else', { semanticRecall: { top: 1 } }, 'options.semanticRecall'],
    ['no items', { semanticRecall: { topK: 0 } }, 'options.semanticRecall.topK'],
    ['a negative range', { semanticRecall: { messageRange: -1 } }, 'options.semanticRecall.messageRange'],
    [
      'half a range',
      { semanticRecall: { messageRange: { before: 0.5 } } },
      'options.semanticRecall.messageRange.before',
    ],
    [
      'a range of 101',
      { semanticRecall: { messageRange: { after: 101 } } },
      'options.semanticRecall.messageRange.after',
    ],
    ['a range as a text', { semanticRecall: { messageRange: '2' } }, 'options.semanticRecall.messageRange'],
    ['an unknown scope', { semanticRecall: { scope: 'team' } }, 'options.semanticRecall.scope'],
    ['a threshold below 0', { semanticRecall: { threshold: -0.1 } }, 'options.semanticRecall.threshold'],
    ['a threshold of 2', { semanticRecall: { threshold: 2 } }, 'options.semanticRecall.threshold'],
    ['a threshold of NaN', { semanticRecall: { threshold: Number.NaN } }, 'options.semanticRecall.threshold'],
    ['no tokens', { semanticRecall: { tokenBudget: 0 } }, 'options.semanticRecall.tokenBudget'],
    ['a filter as a text', { semanticRecall: { filter: 'open' } }, 'options.semanticRecall.filter'],
    ['an unknown operator', { semanticRecall: { filter: { $where: 1 } } }, 'options.semanticRecall.filter.$where'],
    ['working memory as true', { workingMemory: true }, 'options.workingMemory'],
    ['working memory of something else', { workingMemory: { format: 'x' } }, 'options.workingMemory'],
    ['a schema and a template', { workingMemory: { schema, template: 'x' } }, 'options.workingMemory'],
    ['an empty template', { workingMemory: { template: '' } }, 'options.workingMemory.template'],
    ['a template that is a number', { workingMemory: { template: 1 } }, 'options.workingMemory.template'],
    ['a schema that is none', { workingMemory: { schema: { name: 'string' } } }, 'options.workingMemory.schema'],
    ['another scope', { workingMemory: { scope: 'agent' } }, 'options.workingMemory.scope'],
    ['enabled as a text', { workingMemory: { enabled: 'yes' } }, 'options.workingMemory.enabled'],
    ['managed as a number', { workingMemory: { agentManaged: 1 } }, 'options.workingMemory.agentManaged'],
    ['read only as null', { workingMemory: { readOnly: null } }, 'options.workingMemory.readOnly'],
    ['facts as a text', { facts: 'yes' }, 'options.facts'],
    ['a blank team', { team: ' ' }, 'options.team'],
    ['a team that is all of them', { team: '*' }, 'options.team'],
    ['titles of another kind', { generateTitle: { prompt: 'x' } }, 'options.generateTitle'],
    ['a title model without a provider', { generateTitle: { model: 'gpt' } }, 'options.generateTitle.model'],
    ['a title model that is none', { generateTitle: { model: {} } }, 'options.generateTitle.model'],
    ['empty instructions for titles', { generateTitle: { instructions: '' } }, 'options.generateTitle.instructions'],
    ['titles without characters', { generateTitle: { maxChars: 0 } }, 'options.generateTitle.maxChars'],
    ['titles that are too long', { generateTitle: { maxChars: 1_001 } }, 'options.generateTitle.maxChars'],
    ['titles as a text', { generateTitle: 'yes' }, 'options.generateTitle'],
    ['read only as a number', { readOnly: 1 }, 'options.readOnly'],
    ['notes as a text', { observationalMemory: 'yes' }, 'options.observationalMemory'],
    ['notes by nothing', { observationalMemory: { model: true } }, 'options.observationalMemory.model'],
    [
      'notes of somebody else',
      { observationalMemory: { model: false, scope: 'team' } },
      'options.observationalMemory.scope',
    ],
    [
      'notes of no tokens',
      { observationalMemory: { model: false, observation: { messageTokens: 0 } } },
      'options.observationalMemory.observation.messageTokens',
    ],
    [
      'notes that keep more than all',
      { observationalMemory: { model: false, reflection: { bufferActivation: 2 } } },
      'options.observationalMemory.reflection.bufferActivation',
    ],
    ['an unknown option of notes', { observationalMemory: { model: false, hook: {} } }, 'options.observationalMemory'],
    ...badNotes.map(([field, value]): [string, unknown, string] => {
      const [first = '', second] = field.split('.')
      const options = { model: false, [first]: second === undefined ? value : { [second]: value } }
      return [
        `notes with ${field} ${JSON.stringify(value)}`,
        { observationalMemory: options },
        `options.observationalMemory.${field}`,
      ]
    }),
    [
      'an extractor without instructions',
      { observationalMemory: { observation: { extract: [{ name: 'mood' }] } } },
      'options.observationalMemory.observation.extract[0].instructions',
    ],
    [
      'two extractors of one name',
      { observationalMemory: { reflection: { extract: [extractor, extractor] } } },
      'options.observationalMemory.reflection.extract',
    ],
    ['other turns', { turns: 'serial' }, 'options.turns'],
    ['another history', { history: 'all' }, 'options.history'],
  ]

  it.each(bad)('refuses %s', async (_, options, field) => {
    const error = await refused('invalid-input', () => new Memory({ options } as MemoryOptions))
    expect(error.details).toEqual({ field, rule: expect.stringMatching(/\S/), got: expect.stringMatching(/\S/) })
  })

  it('merges the options of notes field by field, and keeps them off or on as the last level says', () => {
    const of = (...levels: MemoryBehaviour['observationalMemory'][]) => {
      const stated = levels.map((one) => (one === undefined ? {} : { observationalMemory: one }))
      return mergeBehaviour(...stated).observationalMemory
    }
    const usual = {
      model: false,
      scope: 'thread',
      observation: {
        messageTokens: 30_000,
        bufferTokens: 6_000,
        bufferActivation: 0.8,
        blockAfter: 36_000,
        previousObserverTokens: 2_000,
        maxTokensPerBatch: 10_000,
        instruction: null,
        extract: [],
      },
      reflection: {
        observationTokens: 40_000,
        bufferActivation: 0.5,
        blockAfter: 48_000,
        instruction: null,
        extract: [],
      },
      activateAfterIdleMs: null,
      temporalMarkers: false,
      retrieval: null,
      dailyTokens: null,
      maxWaitMs: 10_000,
      hooks: {},
    }
    expect(of({ model: false })).toEqual(usual)
    expect(of({ model: false, scope: 'resource' }, { model: false, observation: { messageTokens: 1 } })).toEqual({
      ...usual,
      scope: 'resource',
      observation: { ...usual.observation, messageTokens: 1, bufferTokens: 1, blockAfter: 1 },
    })
    expect(of({ model: false }, false, undefined)).toBe(null)
    expect(of(false, { model: false })).toEqual(usual)
    expect(of(true)).toEqual({ ...usual, model: null })
    expect(of({ model: false }, true)).toEqual(usual)
    const redact = () => undefined
    const [first, second] = [
      { observation: { bufferTokens: false, instruction: 'Short.' }, hooks: { beforeObservation: redact } },
      {
        observation: { blockAfter: 500 },
        hooks: { afterReflection: redact },
        activateAfterIdle: '5m',
        retrieval: true,
      },
    ] as const
    expect(of(first, second)).toMatchObject({
      observation: { bufferTokens: null, instruction: 'Short.', blockAfter: 500 },
      hooks: { beforeObservation: redact, afterReflection: redact },
      activateAfterIdleMs: 300_000,
      retrieval: { scope: 'thread' },
    })
  })

  it('keeps to a lower limit of the memory', async () => {
    const limits = { ...defaultLimits, lastMessages: 5 }
    expect(parseBehaviour({ lastMessages: 5 }, 'options', limits)).toEqual({ lastMessages: 5 })
    const error = await refused('invalid-input', () => parseBehaviour({ lastMessages: 6 }, 'options', limits))
    expect(error.details.rule).toBe('must be a whole number from 0 to 5')
    await refused('invalid-input', () => new Memory({ limits: { lastMessages: 5 }, options: { lastMessages: 6 } }))
  })
})

describe('a merge', () => {
  const usual = {
    topK: 20,
    messageRange: { before: 0, after: 0 },
    scope: 'resource',
    threshold: 0,
    gate: 'mild',
    tokenBudget: 1_000,
  }

  it('decides every field of nothing', () => {
    const decided = {
      lastMessages: 10,
      messageHistory: { maxTokens: null },
      semanticRecall: { options: usual, isNamed: false },
      workingMemory: null,
      facts: false,
      pinnedFacts: { tokenBudget: 500 },
      team: null,
      observationalMemory: null,
      generateTitle: null,
      readOnly: false,
      turns: 'queue',
      history: 'merge',
    }
    expect(mergeBehaviour()).toEqual(decided)
    expect(mergeBehaviour(undefined, {}, undefined)).toEqual(decided)
  })

  it('decides on values that it would take itself', () => {
    const { lastMessages, facts, readOnly, turns, history } = mergeBehaviour()
    const flat = { lastMessages, facts, readOnly, turns, history }
    const usually = { ...flat, semanticRecall: usual } as MemoryBehaviour
    expect(parseBehaviour(usually, 'options')).toEqual(usually)
  })

  it('takes every field of one', () => {
    expect(mergeBehaviour(full)).toEqual({
      lastMessages: 1_000,
      messageHistory: { maxTokens: 1_000_000 },
      semanticRecall: { options: full.semanticRecall, isNamed: true },
      workingMemory: { scope: 'thread', template: '# Name', schema: null, agentManaged: false, readOnly: true },
      facts: true,
      pinnedFacts: { tokenBudget: 100 },
      team: 'acme',
      observationalMemory: null,
      generateTitle: { model: 'openai/gpt-5.4-mini', instructions: 'Three words.', maxChars: 1_000 },
      readOnly: true,
      turns: 'parallel',
      history: 'new-only',
    })
  })

  it.each<[MemoryBehaviour['generateTitle'][], object | null]>([
    [[true], { model: null, instructions: null, maxChars: 120 }],
    [[{ maxChars: 50 }, { instructions: 'Short.' }], { model: null, instructions: 'Short.', maxChars: 50 }],
    [[{ maxChars: 50 }, false], null],
    [[{ maxChars: 50 }, false, true], { model: null, instructions: null, maxChars: 50 }],
  ])('makes of titles %j: %j', (levels, titles) => {
    expect(
      mergeBehaviour(...levels.map((generateTitle) => ({ generateTitle }) as MemoryBehaviour)).generateTitle,
    ).toEqual(titles)
  })

  it('lets the last one count, field by field', () => {
    const merged = mergeBehaviour(
      { lastMessages: 5, messageHistory: { maxTokens: 100 }, facts: true, team: 'acme', turns: 'parallel' },
      { lastMessages: false, messageHistory: {}, facts: false },
      { team: 'beta', turns: 'queue' },
    )
    expect(merged).toMatchObject({ lastMessages: 0, messageHistory: { maxTokens: 100 }, facts: false })
    expect(merged).toMatchObject({ team: 'beta', turns: 'queue' })
  })

  it('takes undefined for not given', () => {
    const later = { lastMessages: undefined, workingMemory: { template: undefined } } as unknown as MemoryBehaviour
    const merged = mergeBehaviour({ lastMessages: 3, workingMemory: { template: 'x' } }, later)
    expect(merged).toMatchObject({ lastMessages: 3, workingMemory: { template: 'x' } })
  })

  const five: MemoryBehaviour = { semanticRecall: { topK: 5, scope: 'thread', filter: { open: true } } }
  const ofFive = { ...usual, topK: 5, scope: 'thread', filter: { open: true } }

  it.each<[string, MemoryBehaviour[], unknown]>([
    ['off', [five, { semanticRecall: false }], null],
    ['on by name', [{}, { semanticRecall: true }], { options: usual, isNamed: true }],
    ['on as it was', [five, { semanticRecall: true }], { options: ofFive, isNamed: true }],
    [
      'off and on again',
      [five, { semanticRecall: false }, { semanticRecall: true }],
      { options: ofFive, isNamed: true },
    ],
    ['with another field', [five, { semanticRecall: { topK: 3 } }], { options: { ...ofFive, topK: 3 }, isNamed: true }],
    [
      'with a range of one side',
      [{ semanticRecall: { messageRange: { after: 2 } } }],
      { options: { ...usual, messageRange: { before: 0, after: 2 } }, isNamed: true },
    ],
    [
      'with a range of both sides',
      [{ semanticRecall: { messageRange: 2 } }],
      { options: { ...usual, messageRange: { before: 2, after: 2 } }, isNamed: true },
    ],
  ])('turns recall %s', (_, levels, recall) => {
    expect(mergeBehaviour(...levels).semanticRecall).toEqual(recall)
  })

  const own = { scope: 'resource', template: null, schema: null, agentManaged: true, readOnly: false }

  it.each<[string, MemoryBehaviour[], unknown]>([
    ['no form', [{ workingMemory: { scope: 'thread' } }], null],
    ['no form and enabled', [{ workingMemory: { enabled: true } }], own],
    ['a template', [{ workingMemory: { template: 'x' } }], { ...own, template: 'x' }],
    ['a template, turned off', [{ workingMemory: { template: 'x' } }, { workingMemory: { enabled: false } }], null],
    [
      'a schema after a template',
      [{ workingMemory: { template: 'x', scope: 'thread' } }, { workingMemory: { schema } }],
      { ...own, schema, scope: 'thread' },
    ],
    [
      'a template after a schema',
      [{ workingMemory: { schema } }, { workingMemory: { template: 'x' } }],
      { ...own, template: 'x' },
    ],
    [
      'another schema',
      [{ workingMemory: { schema } }, { workingMemory: { schema: otherSchema } }],
      { ...own, schema: otherSchema },
    ],
    [
      'its scope later',
      [{ workingMemory: { schema } }, { workingMemory: { scope: 'thread' } }],
      { ...own, schema, scope: 'thread' },
    ],
    [
      'no tool',
      [{ workingMemory: { schema } }, { workingMemory: { agentManaged: false } }],
      { ...own, schema, agentManaged: false },
    ],
    [
      'read only',
      [{ workingMemory: { schema, readOnly: true } }],
      { ...own, schema, readOnly: true, agentManaged: false },
    ],
    [
      'all of memory read only',
      [{ workingMemory: { schema } }, { readOnly: true }],
      { ...own, schema, readOnly: true, agentManaged: false },
    ],
  ])('gives working memory %s', (_, levels, workingMemory) => {
    expect(mergeBehaviour(...levels).workingMemory).toEqual(workingMemory)
  })

  it('changes none of what it was given', () => {
    const first: MemoryBehaviour = { semanticRecall: { topK: 5 }, workingMemory: { template: 'x' } }
    const copy = structuredClone(first)
    mergeBehaviour(first, { semanticRecall: { topK: 3 }, workingMemory: { schema } })
    expect(first).toEqual(copy)
  })
})
