// Every example runs as it stands: what it stores, what it prints, and what the model of each agent saw.
import { readdirSync } from 'node:fs'
import { Agent, RequestContext, SQLiteStore } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { mastra } from '../../examples/container-storage.ts'
import { memoryAgent as bareAgent } from '../../examples/memory-agent.ts'
import { memoryAgent as tieredAgent, type UserTier } from '../../examples/memory-per-request.ts'
import { memoryAgent as observedAgent } from '../../examples/observational-memory.ts'
import { hour, openMemory, refused } from '../memory/opened.ts'
import { knownLists, outOfOrder } from '../network/scene.ts'
import { openFolder, type Shown } from './running.ts'

const promptsOf = (shown: readonly Shown[]) => shown.map(({ prompt }) => prompt)

/** A transcript of instructions and of what was said, by role. */
function prompt(instructions: string, ...said: readonly (readonly ['user' | 'assistant', string])[]): string {
  const blocks = [['system', instructions] as const, ...said]
  return blocks.map(([role, text]) => `${role}\n  ${text.replaceAll('\n', '\n  ')}`).join('\n\n')
}

it('are all run here', () => {
  const shared = ['README.md', 'agents.ts', 'openai.ts', 'routing-agent.ts', 'workforce.ts']
  const constructed = ['container-storage.ts', 'memory-agent.ts', 'memory-per-request.ts', 'observational-memory.ts']
  const run = [
    ...['sharing-memory-between-agents.ts', 'several-users.ts', 'list-threads.ts', 'several-threads.ts'],
    ...['isolated-and-shared.ts', 'only-the-new-message.ts', 'remember-color.ts', 'recall-color.ts'],
    ...['share-a-resource.ts', 'team-memory.ts', 'chat-route.ts', 'waiting-calls.ts', 'workflows.ts', 'network.ts'],
    ...['supervisor.ts', 'network-guide.ts', 'supervisor-hooks.ts'],
  ]
  const files = readdirSync(new URL('../../examples', import.meta.url))
  expect(files.toSorted()).toEqual([...shared, ...constructed, ...run].toSorted())
})

describe('in a process of its own', () => {
  it('sharing-memory-between-agents: each agent sees what those before it heard and said', async () => {
    const folder = openFolder()
    const { printed, shown } = await folder.run('sharing-memory-between-agents')
    const sales = [
      ['user', "I'm interested in your enterprise plan."],
      ['assistant', "I heard: I'm interested in your enterprise plan."],
    ] as const
    const implementation = [
      ['user', 'Can you help me implement the enterprise plan?'],
      ['assistant', 'I heard: Can you help me implement the enterprise plan?'],
    ] as const
    const bySales = ['assistant', `[from agent Sales Specialist]\n${sales[1][1]}`] as const
    const byOther = ['assistant', `[from agent Implementation Specialist]\n${implementation[1][1]}`] as const
    expect([printed, shown.map(({ recalled }) => recalled).join('')]).toEqual(['', ''])
    expect(promptsOf(shown)).toEqual([
      prompt(
        'You are a sales specialist who helps customers understand our product offerings. When appropriate, hand off to an implementation specialist.',
        sales[0],
      ),
      prompt(
        'You are an implementation specialist who helps customers set up and configure our products.',
        ...[sales[0], bySales, implementation[0]],
      ),
      prompt(
        'You are a support specialist who helps customers solve problems with their implementation.',
        ...[sales[0], bySales, implementation[0], byOther],
        ['user', "I'm having an issue with my implementation"],
      ),
    ])
    expect(await folder.story('customer_123', 'support_thread_456')).toEqual([
      ['complete', 'customer_123', sales[0][1]],
      ['complete', 'sales-specialist', sales[1][1]],
      ['complete', 'customer_123', implementation[0][1]],
      ['complete', 'implementation-specialist', implementation[1][1]],
      ['complete', 'customer_123', "I'm having an issue with my implementation"],
      ['complete', 'support-specialist', "I heard: I'm having an issue with my implementation"],
    ])
  })

  it('several-users, then list-threads: users are apart, and a later process lists what one has', async () => {
    const folder = openFolder()
    const { shown } = await folder.run('several-users')
    const provided = 'You provide customer support.'
    // Not even recall brings one user's words before another.
    expect(shown).toEqual([
      { prompt: prompt(provided, ['user', 'I need help with my account']), recalled: '' },
      { prompt: prompt(provided, ['user', 'How do I upgrade my plan?']), recalled: '' },
      {
        prompt: prompt(
          provided,
          ['user', 'I need help with my account'],
          ['assistant', 'I heard: I need help with my account'],
          ['user', 'Did you find a solution to my problem?'],
        ),
        recalled: '',
      },
    ])
    expect(await folder.story('user_bob', 'support_thread_2')).toEqual([
      ['complete', 'user_bob', 'How do I upgrade my plan?'],
      ['complete', 'support-agent', 'I heard: How do I upgrade my plan?'],
    ])
    expect(await folder.story('user_bob', 'support_thread_1')).toEqual([])
    expect((await folder.story('user_alice', 'support_thread_1')).map(([, , said]) => said)).toEqual([
      'I need help with my account',
      'I heard: I need help with my account',
      'Did you find a solution to my problem?',
      'I heard: Did you find a solution to my problem?',
    ])
    const listed = await folder.run('list-threads')
    expect(listed).toEqual({
      printed: 'User Alice has 1 conversation threads\n- support_thread_1: Untitled\n',
      shown: [],
    })
  })

  it('several-threads: each conversation of a user goes on by itself', async () => {
    const folder = openFolder()
    const { shown } = await folder.run('several-threads')
    const provided = 'You provide customer support.'
    expect(promptsOf(shown)).toEqual([
      prompt(provided, ['user', 'I need help with billing']),
      prompt(provided, ['user', 'I have some suggestions for your product']),
      prompt(
        provided,
        ['user', 'I need help with billing'],
        ['assistant', 'I heard: I need help with billing'],
        ['user', 'Did you find my billing issue?'],
      ),
    ])
    expect((await folder.story('user_charlie', 'feedback_thread')).map(([, , said]) => said)).toEqual([
      'I have some suggestions for your product',
      'I heard: I have some suggestions for your product',
    ])
    const threads = await folder.open().getThreadsByResourceId({ resourceId: 'user_charlie' })
    expect(threads.map(({ id }) => id).toSorted()).toEqual(['feedback_thread', 'support_thread'])
  })

  it('isolated-and-shared: agents share the threads that they are called with, and no others', async () => {
    const folder = openFolder()
    const { shown } = await folder.run('isolated-and-shared')
    expect(promptsOf(shown)).toEqual([
      prompt('You are agent A.', ['user', 'Message for Agent A']),
      prompt('You are agent B.', ['user', 'Message for Agent B']),
      prompt('You know about accounts.', ['user', 'The user has a premium account']),
      prompt(
        'You answer whatever is asked.',
        ['user', 'The user has a premium account'],
        ['assistant', '[from agent Specialist]\nI heard: The user has a premium account'],
        ['user', 'What type of account does the user have?'],
      ),
    ])
    const stories = ['conversation_with_agent_A', 'conversation_with_agent_B', 'support_thread_456'].map(
      async (threadId) => (await folder.story('user_123', threadId)).map(([status, author]) => `${status} ${author}`),
    )
    expect(await Promise.all(stories)).toEqual([
      ['complete user_123', 'complete agent-a'],
      ['complete user_123', 'complete agent-b'],
      ['complete user_123', 'complete specialist', 'complete user_123', 'complete generalist'],
    ])
  })

  it('only-the-new-message: one message, alone or in a list, is new; a history is recognised', async () => {
    const folder = openFolder()
    const { shown } = await folder.run('only-the-new-message')
    const said = ['First message', 'Second message', 'Third message', 'Only the new message'].flatMap((text) => {
      return [['user', text] as const, ['assistant', `I heard: ${text}`] as const]
    })
    const provided = 'You provide customer support.'
    expect(promptsOf(shown)).toEqual([1, 3, 5, 7].map((count) => prompt(provided, ...said.slice(0, count))))
    const story = await folder.story('user_123', 'thread_abc')
    expect(story.map(([, , text]) => text)).toEqual(said.map(([, text]) => text))
  })

  it('remember-color, then recall-color: a later process knows what was said', async () => {
    const folder = openFolder()
    expect((await folder.run('remember-color')).printed).toBe('I heard: Remember my favorite color is blue.\n')
    expect((await folder.run('recall-color')).printed).toBe('Your favorite color is blue.\n')
    expect(await folder.story('user-123', 'conversation-123')).toEqual([
      ['complete', 'user-123', 'Remember my favorite color is blue.'],
      ['complete', 'memory-agent', 'I heard: Remember my favorite color is blue.'],
      ['complete', 'user-123', "What's my favorite color?"],
      ['complete', 'memory-agent', 'Your favorite color is blue.'],
    ])
  })

  it('recall-color by itself knows nothing', async () => {
    expect((await openFolder().run('recall-color')).printed).toBe('I do not know your favorite color.\n')
  })

  it('share-a-resource: the writer recalls what the researcher noted in another thread', async () => {
    const folder = openFolder()
    const { shown } = await folder.run('share-a-resource')
    expect(promptsOf(shown)).toEqual([
      prompt('You find things out and take notes.', ['user', 'Find information about quantum computing.']),
      prompt('You write from the notes.', ['user', 'Write a summary from the research notes.']),
    ])
    expect(shown[0]?.recalled).toBe('')
    expect(shown[1]?.recalled).toMatch(/author="agent researcher" name="Researcher" thread="research-session"/)
    expect(shown[1]?.recalled).toContain('I heard: Find information about quantum computing.')
    expect(await folder.story('project-42', 'research-session')).toHaveLength(2)
    expect(await folder.story('project-42', 'writing-session')).toHaveLength(2)
  })

  it('chat-route: an answer goes on when its page is closed, and the page that is loaded again has all of it', async () => {
    const folder = openFolder()
    const { printed, shown } = await folder.run('chat-route')
    expect(printed.split('\n')).toEqual([
      'user: Call checkStock with {"item":"tea"}',
      'assistant: [step-start] [tool-checkStock] [step-start] "12 of tea"',
      'nothing to follow: 204',
      'without a session: 401',
      '',
    ])
    expect(shown).toHaveLength(2)
    expect(await folder.story('ann', 'stock')).toEqual([
      ['complete', 'ann', 'Call checkStock with {"item":"tea"}'],
      ['complete', 'shop', '[tool-checkStock] "12 of tea"'],
    ])
  })

  it('supervisor: hands work on, waits for a person two levels down, and goes on', async () => {
    const { printed } = await openFolder().run('supervisor')
    expect(printed.split('\n')).toEqual([
      'research-agent: Facts about Bergen, please.',
      ...['research-agent answers: - Bergen is wet.', '- It has seven hills.'],
      'payment-agent: Pay 30 for the research.',
      'suspended payInvoice payment-agent',
      'payment-agent answers: The invoice is paid.',
      ...['Here is the report about Bergen. It is paid.', ''],
    ])
  })

  it('workflows: agents work in one thread, and a cleanup waits until a person agrees', async () => {
    const folder = openFolder()
    const { printed, shown } = await folder.run('workflows')
    const [events = '', rest = ''] = printed.split('{\n', 2)
    expect(events.split('\n')).toEqual([
      'workflow-start ',
      ...['research-agent', 'writing-agent'].flatMap((id) => [
        `workflow-step-start ${id}`,
        `workflow-step-result ${id}`,
      ]),
      'workflow-finish ',
      '',
    ])
    expect(rest).toContain("status: 'success'")
    expect(printed.split('\n').slice(-3)).toEqual([
      "suspended [ [ 'delete-old' ] ] { question: 'Delete 2 records of invoices?' }",
      "success { deleted: 2 } Map(1) { 'invoices' => [ 2026 ] }",
      '',
    ])
    const asks = (said: string) => `[from agent city-workflow, as stated by another]\n${said}`
    const [first, second] = ['Facts about Rome, please.', 'Write a report about Rome.']
    const facts = `I heard: ${asks(first)}`
    expect(promptsOf(shown)).toEqual([
      prompt('You gather facts about cities.', ['user', asks(first)]),
      prompt(
        'You write reports from notes.',
        ['user', asks(first)],
        ['assistant', `[from agent Research Agent]\n${facts.replace('\n[from', '\n\\[from')}`],
        ['user', asks(second)],
      ),
    ])
    expect((await folder.story('ann', 'rome')).map(([status, author]) => [status, author])).toEqual([
      ['complete', 'city-workflow'],
      ['complete', 'research-agent'],
      ['complete', 'city-workflow'],
      ['complete', 'writing-agent'],
    ])
  })

  it('waiting-calls: what waits is approved, declined and resumed, and runs once', async () => {
    const folder = openFolder()
    const { printed, shown } = await folder.run('waiting-calls')
    expect(printed.split('\n')).toEqual([
      "waits: sendMoney { to: 'Bob', euros: 500 }",
      '"sent 500 euros to Bob"',
      'declined: complete',
      "waits: { question: 'Delete the records of old?' }",
      '"deleted old"',
      '',
    ])
    expect(shown).toHaveLength(6)
    const { messages } = await folder.open().listMessages({ resourceId: 'ann', threadId: 'office' })
    const states = messages.flatMap(({ parts }) =>
      parts.flatMap(({ state, toolCallId }) => (toolCallId ? [state] : [])),
    )
    expect(states).toEqual(['output-available', 'output-denied', 'output-available'])
    expect(messages.map(({ turnStatus }) => turnStatus)).toEqual(messages.map(() => 'complete'))
  })

  it('network: a subagent works, a call is approved inside the loop, and each task has one final text', async () => {
    const { printed, shown } = await openFolder().run('network')
    expect(printed.split('\n')).toEqual([
      'at work: research',
      String.raw`"I heard: [from agent Router, as stated by another]\nTell me about lighthouses"`,
      "waits: publish { title: 'Lighthouses' }",
      '"published Lighthouses"',
      'the first stream ended: suspended',
      '',
    ])
    expect(shown).toHaveLength(5)
  })

  it('network-guide: the known events in order, objects, and calls that are approved, declined and resumed', async () => {
    const { printed } = await openFolder().run('network-guide')
    const lines = printed.split('\n')
    const ends = lines.flatMap((line, index) => (line === 'network-execution-event-finish' ? [index + 1] : []))
    const requests = [lines.slice(0, ends[0]), lines.slice(ends[0], ends[1]), lines.slice(ends[1], ends[2])]
    for (const [index, list] of [knownLists.agent, knownLists.workflow, knownLists.tool].entries()) {
      const request = requests[index] ?? []
      expect(outOfOrder(request, list)).toEqual([])
      const at = request.indexOf('network-execution-event-step-finish')
      expect(request.slice(at)).toEqual([
        ...['network-execution-event-step-finish', 'Here is the report.', 'network-execution-event-finish'],
      ])
    }
    const rest = lines.slice(ends[2])
    expect(rest[0]).toBe("Partial: { summary: 'Agents ' }")
    const final = rest.findIndex((line) => line.startsWith('Final: '))
    const built = rest.findIndex((line) => line.startsWith('Building result: '))
    expect([final > 0, built > final]).toEqual([true, true])
    const asked = "{ message: 'Delete what is older than 30 days?' }"
    const declined = rest.indexOf('routing-agent-start')
    const before = ['Agents remember.', 'Here is the report.', asked, 'Here is the report.']
    expect(rest.slice(declined - before.length, declined)).toEqual(before)
    const end = ['network-execution-event-step-finish', 'network-execution-event-finish']
    expect(rest.slice(-6)).toEqual(['routing-agent-end', ...end, asked, '{ deleted: 12 }', ''])
  })

  it('supervisor-hooks: each hook once for each step and each delegation, and a check that asks for more', async () => {
    const { printed } = await openFolder().run('supervisor-hooks')
    expect(printed.split('\n')).toEqual([
      ...['asks: Facts about Bergen', 'hears: - Bergen is wet.', 'step 1: agent-researchAgent'],
      ...['not complete: Has a source: Name a source.', 'step 2, final: ', 'asks: A source for that'],
      ...['hears: - Source: the weather office.', 'step 3: agent-researchAgent', 'complete', 'step 4, final: '],
      ...['Bergen is wet, says the weather office. Source: weather.example.', 'validated', ''],
    ])
  })

  it('team-memory: what one member writes by its tools another one reads, and no other team', async () => {
    const folder = openFolder()
    const { printed, shown } = await folder.run('team-memory')
    expect(printed.split('\n')).toEqual([
      "{ name: 'Acme Corp', contact: 'john@acme.com', status: 'qualified' }",
      "{ name: 'Acme Corp', dealUsd: 50000 }",
      'null',
      '',
    ])
    const memory = folder.open()
    const { entries } = await memory.team('acme').list()
    const writtenBy = { kind: 'agent', id: 'sales-agent', name: 'Sales Agent' }
    expect(entries.map((entry) => entry.writtenBy)).toEqual(entries.map(() => writtenBy))
    const lives = (hours: number) => expect.closeTo(hours * hour, -4)
    const kept = entries.map(({ key, value, updatedAt, expiresAt }) => {
      return [key, value, Number(expiresAt) - updatedAt.getTime()]
    })
    expect(kept.toSorted()).toEqual([
      [
        'campaign_status',
        { phase: 'content_review', completed: ['research', 'draft'], pending: ['design', 'launch'] },
        lives(720),
      ],
      ['competitor_intel', { globex: 'cheaper', initech: 'slower' }, lives(720)],
      [
        'handoff_to_support',
        {
          customer: 'Acme Corp',
          issue: 'Single sign-on fails',
          history: ['bought the enterprise plan', 'invited 50 people'],
        },
        lives(720),
      ],
      ['lead_info', { name: 'Acme Corp', contact: 'john@acme.com', status: 'qualified' }, lives(720)],
      ['qualified_lead_acme', { name: 'Acme Corp', dealUsd: 50_000 }, lives(720)],
      ['urgent_review_needed', true, lives(1)],
    ])
    expect((await memory.team('other-workforce').list()).entries).toEqual([])
    expect(await folder.story('acme', 'CEO Agent')).toEqual([
      ['complete', 'acme', 'Call memory_read with {"key":"qualified_lead_acme"}'],
      ['complete', 'ceo-agent', '[tool-memory_read] {"name":"Acme Corp","dealUsd":50000}'],
    ])
    const ceo = promptsOf(shown).filter((text) => text.includes('You are the CEO Agent'))
    expect(ceo[1]).toBe(
      [
        prompt('You are the CEO Agent of acme.', ['user', 'Call memory_read with {"key":"qualified_lead_acme"}']),
        'tool-call memory_read call_1_1\n  {"key":"qualified_lead_acme"}',
        'tool-result memory_read call_1_1\n  {"name":"Acme Corp","dealUsd":50000}',
      ].join('\n\n'),
    )
  })
})

describe('constructed', () => {
  it('container-storage: the container has the storage under its id', async () => {
    const storage = mastra.getStorage()
    expect(storage).toBeInstanceOf(SQLiteStore)
    expect(storage).toMatchObject({ id: 'mastra-storage', url: ':memory:' })
    await mastra.close()
  })

  it.each([
    ['memory-agent', bareAgent, []],
    ['observational-memory', observedAgent, []],
    ['memory-per-request', tieredAgent, ['user-tier']],
  ])('%s: an agent without a model says so when it is called', async (_, agent, wanted) => {
    const asked: string[] = []
    class Observed extends RequestContext {
      override get(key: string): unknown {
        asked.push(key)
        return super.get(key)
      }
    }
    const requestContext = new Observed({ 'user-tier': 'pro' })
    const memory = { resource: 'user-123', thread: 'conversation-123' }
    const error = await refused('invalid-input', () => agent.generate('Hi', { memory, requestContext }))
    expect([agent.id, error.message]).toEqual(['memory-agent', expect.stringContaining('"Memory Agent" has no model')])
    expect(asked).toEqual(wanted)
  })

  it('memory-per-request: the tier of a request decides which memory it is', async () => {
    const [premiumMemory, standardMemory] = [openMemory(), openMemory()]
    const model = scriptedModel({ answer: () => 'Hello.' })
    const agent = new Agent({
      name: 'Memory Agent',
      model,
      memory: ({ requestContext }) => {
        return requestContext.get('user-tier') === 'enterprise' ? premiumMemory : standardMemory
      },
    })
    const memory = { resource: 'user-123', thread: 'conversation-123' }
    for (const tier of ['enterprise', 'pro'] as const) {
      const requestContext = new RequestContext<UserTier>({ 'user-tier': tier })
      await agent.generate(`I am ${tier}.`, { memory, requestContext })
    }
    const where = { resourceId: 'user-123', threadId: 'conversation-123' }
    const kept = [await premiumMemory.listMessages(where), await standardMemory.listMessages(where)]
    expect(kept.map(({ messages }) => messages[0]?.parts)).toMatchObject([
      [{ text: 'I am enterprise.' }],
      [{ text: 'I am pro.' }],
    ])
    expect(model.calls.map(({ said }) => said)).toEqual([['I am enterprise.'], ['I am pro.']])
  })
})
