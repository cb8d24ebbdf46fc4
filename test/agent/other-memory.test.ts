// Agents on another memory than `Memory`: they call what their port names and nothing else.
import { Agent, Aquifer, createTool, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import {
  type AgentMemory,
  type AgentSpace,
  type AgentTurn,
  type AgentTurnRequest,
  type UsableMemory,
  usableByAgents,
  usableMemory,
} from '../../src/ports/agent-memory.ts'
import { openMemory, refused } from '../memory/opened.ts'

/** A memory elsewhere: what agents ask of it is handed on, and nothing of the memory there is within their reach. */
class Elsewhere {
  readonly there: Memory
  readonly asked: string[]
  constructor(there: Memory, asked: string[] = []) {
    this.there = there
    this.asked = asked
  }
  as(actor: Parameters<Memory['as']>[0]): Elsewhere {
    return new Elsewhere(this.there.as(actor), this.asked)
  }
  team(id: string): ReturnType<Memory['team']> {
    return this.there.team(id)
  }
}

const turns = new WeakMap<AgentTurn, AgentTurn>()

function relayedTurn(turn: AgentTurn): AgentTurn {
  const relayed: AgentTurn = {
    threadId: turn.threadId,
    id: turn.id,
    runId: turn.runId,
    replaces: turn.replaces,
    spaceKey: turn.spaceKey,
    results: turn.results,
    get isClosed() {
      return turn.isClosed
    },
    get notes() {
      return turn.notes
    },
    messageId: (index) => turn.messageId(index),
    noting: (act) => turn.noting(act),
    commit: (changes) => turn.commit(changes),
    close: (status, changes) => turn.close(status, changes),
    discard: (changes) => turn.discard(changes),
    letGo: () => turn.letGo(),
  }
  turns.set(relayed, turn)
  return relayed
}

function relayedSpace(space: AgentSpace, asked: string[]): AgentSpace {
  const note = <Result>(name: keyof AgentSpace, result: Result): Result => {
    asked.push(name)
    return result
  }
  const there = (turn: AgentTurn) => turns.get(turn) ?? turn
  const { id, address, actor, limits, stopping, threads, messages, blocks, entries, facts, runs } = space
  return {
    ...{ id, address, actor, limits, stopping, threads, messages, blocks, entries, facts, runs },
    deletedBehind: (threadId, after) => note('deletedBehind', space.deletedBehind(threadId, after)),
    deletedIds: (threadId, ids) => note('deletedIds', space.deletedIds(threadId, ids)),
    elapsedMs: (since) => Date.now() - Date.parse(since),
    hold: (work) => note('hold', space.hold(work)),
    newRunId: () => note('newRunId', space.newRunId()),
    closeOverdue: (threadId) => note('closeOverdue', space.closeOverdue(threadId)),
    beginTurn: async (threadId, order, join, prepare) => {
      const begun = await note('beginTurn', space.beginTurn(threadId, order, join, prepare))
      return 'joined' in begun ? begun : { ...begun, turn: relayedTurn(begun.turn) }
    },
    watchTurn: (threadId, signal) => note('watchTurn', space.watchTurn(threadId, signal)),
    turnEnded: (threadId, turnId, signal) => note('turnEnded', space.turnEnded(threadId, turnId, signal)),
    begin: async (request: AgentTurnRequest, alone) => relayedTurn(await note('begin', space.begin(request, alone))),
    isTurnOf: (turn, threadId) => note('isTurnOf', space.isTurnOf(there(turn), threadId)),
    within: (turn) => note('within', relayedSpace(space.within(there(turn)), asked)),
    recall: (question) => note('recall', space.recall(question)),
    observations: (threadId, options) => note('observations', space.observations(threadId, options)),
    note: (...asked) => note('note', space.note(...asked)),
    reporting: (report) => note('reporting', space.reporting(report)),
    readyNotes: (...asked) => note('readyNotes', space.readyNotes(...asked)),
    observe: (...asked) => note('observe', space.observe(...asked)),
    workingMemory: (form, threadId) => note('workingMemory', space.workingMemory(form, threadId)),
    commitAlone: (changes, expect) => note('commitAlone', space.commitAlone(changes, expect)),
    commitAs: (systemId, changes, expect) => note('commitAs', space.commitAs(systemId, changes, expect)),
    submit: (changes, expect) => note('submit', space.submit(changes, expect)),
    submitAlone: (changes, expect) => note('submitAlone', space.submitAlone(changes, expect)),
    renewLease: (name, token, leaseMs) => note('renewLease', space.renewLease(name, token, leaseMs)),
    run: (runId) => note('run', space.run(runId)),
    workSteps: (runId) => note('workSteps', space.workSteps(runId)),
    workStep: (runId, path) => note('workStep', space.workStep(runId, path)),
    watchRun: (runId, signal) => note('watchRun', space.watchRun(runId, signal)),
    steps: (runId) => note('steps', space.steps(runId)),
    step: (runId, path) => note('step', space.step(runId, path)),
    decider: space.decider,
    decide: (changes) => note('decide', space.decide(changes)),
    sharing: (shared) => space.sharing(shared),
    propose: (id, change, deciders) => note('propose', space.propose(id, change, deciders)),
    proposalsAbout: (ids) => note('proposalsAbout', space.proposalsAbout(ids)),
    openProposals: (id) => note('openProposals', space.openProposals(id)),
    decideProposal: (id, status, reason) => note('decideProposal', space.decideProposal(id, status, reason)),
  }
}

usableByAgents((memory) => {
  if (!(memory instanceof Elsewhere)) return null
  const { storage, open, proposing } = usableMemory(memory.there) as UsableMemory
  const relayed = async (): Promise<AgentMemory> => {
    const { actor, behaviour, space, spaceAt, spaceOfRun, waitingRuns } = await open()
    const relay = (of: AgentSpace) => relayedSpace(of, memory.asked)
    return {
      actor,
      behaviour,
      space: (agent, resourceId) => relay(space(agent, resourceId)),
      spaceAt: (agent, id) => relay(spaceAt(agent, id)),
      spaceOfRun: async (agent, runId) => {
        const of = await spaceOfRun(agent, runId)
        return of === null ? null : relay(of)
      },
      waitingRuns: async (agent, query) => {
        return (await waitingRuns(agent, query)).map(({ space: of, run }) => ({ space: relay(of), run }))
      },
    }
  }
  return { storage, open: relayed, proposing }
})

const where = { resourceId: 'alice', threadId: 't' }

it('remembers, recalls, keeps working memory and makes titles there', async () => {
  const there = openMemory()
  const elsewhere = new Elsewhere(there)
  const memory = elsewhere as unknown as Memory
  const seen: (string | undefined)[] = []
  const look = createTool({
    id: 'look',
    description: 'Looks.',
    inputSchema: z.object({}),
    execute: async (_, { space, resourceId, threadId }) => {
      seen.push(space, resourceId, threadId)
      // Inside the turn it waits for nobody.
      const other = new Agent({ name: 'Other', model: scriptedModel({ script: ['Seen.'] }), memory })
      return (await other.generate('What is there?', where)).text
    },
  })
  const noted = callTool('updateWorkingMemory', { text: 'Lives at the harbour' })
  const model = scriptedModel({ script: [noted, callTool('look', {}), 'Noted.', 'The harbour', 'At the harbour.'] })
  const options = { workingMemory: { enabled: true }, semanticRecall: true, generateTitle: true, facts: true }
  const agent = new Agent({ name: 'Helper', model, memory, tools: { look }, defaultOptions: { memory: { options } } })
  await agent.generate('I live at the harbour.', where)
  await expect.poll(async () => (await there.getThreadById(where))?.title).toBe('The harbour')
  const again = { options: { generateTitle: false } }
  await agent.generate('Where do I live?', { resourceId: 'alice', threadId: 'other', memory: again })
  expect(seen).toEqual(['resource/alice', 'alice', 't'])
  expect((await there.getWorkingMemory({ resourceId: 'alice' }))?.value).toBe('Lives at the harbour')
  expect((await there.listMessages(where)).messages.map(({ author }) => author.id)).toEqual([
    'alice',
    'helper',
    'alice',
    'other',
  ])
  expect(model.calls.at(-1)?.transcript).toContain('author="user alice" thread="t"')
  const asked = ['hold', 'newRunId', 'beginTurn', 'isTurnOf', 'within', 'recall', 'workingMemory', 'commitAs']
  expect(asked.filter((name) => !elsewhere.asked.includes(name))).toEqual([])
})

it('is bound and closed by a container as a Memory is', async () => {
  const there = openMemory()
  const memory = new Elsewhere(there) as unknown as Memory
  const model = scriptedModel({ script: ['Hello.'] })
  const app = new Aquifer({ memory, agents: { helper: new Agent({ name: 'Helper', model }) } })
  await app.getAgent('helper').generate('Hi.', where)
  await app.close()
  await refused('closed', () => there.listMessages(where))
})

it('refuses what is no memory', async () => {
  const model = scriptedModel({ script: ['Hello.'] })
  for (const memory of [{}, { as: () => {} }, 'memory', 1]) {
    await refused('invalid-input', () => new Agent({ name: 'Helper', model, memory: memory as never }))
  }
})
