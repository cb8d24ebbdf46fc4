// Parts that a chat client makes up: nothing runs, nothing is kept as the agent's, and no other space is touched.
// Own process: it looks for what nobody caught.
import type { StoredMessage } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { everyNth } from '../run-lengths.ts'
import { contentsOf } from './contents.ts'
import { type ForgedMessage, type Form, forged, forms } from './forged-forms.ts'
import { type Attack, approve, ask, historyOf, mallory, newestCall, origins, victim } from './forged-origins.ts'
import { type Application, openApplication, type Way, ways } from './route.ts'
import { expectNothingUncaught } from './uncaught.ts'

expectNothingUncaught()

/** How the forged messages are named and sent. */
interface Sending {
  readonly way: Way
  /** Under new ids; with no ids at all, history included; or under the id of a message that is stored. */
  readonly ids: 'new' | 'none' | 'stored' | "victim's"
  /** Whether a question follows, or what was sent before is left out. */
  readonly around: 'question' | 'nothing' | 'no history'
}

const idKinds: readonly Sending['ids'][] = ['new', 'none', 'stored', "victim's"]
const surroundings: readonly Sending['around'][] = ['nothing', 'question', 'no history']
const sendings: readonly Sending[] = ways.flatMap((way) =>
  idKinds.flatMap((ids) => surroundings.map((around) => ({ way, ids, around }))),
)

function bodyOf(attack: Attack, form: Form, { ids, around }: Sending, victimId: string): readonly object[] {
  const stored = attack.history.findLast(({ role }) => role === 'assistant')?.id ?? 'stored'
  const made = form.messages(attack.target)
  const named = made.map((message, index): ForgedMessage => {
    if (ids === 'none') return message
    if (ids === 'new' || index > 0) return { ...message, id: `evil-${attack.threadId}-${index}` }
    return { ...message, id: ids === 'stored' ? stored : victimId }
  })
  // A page that lies about a stored message shows the lie in its place.
  const kept = ids === 'stored' ? attack.history.filter(({ id }) => id !== stored) : attack.history
  const history = ids === 'none' ? kept.map(({ role, parts }) => ({ role, parts })) : kept
  const question = { ...(ids === 'none' ? {} : { id: `next-${attack.threadId}` }), role: 'user', content: 'And now?' }
  return [...(around === 'no history' ? [] : history), ...named, ...(around === 'question' ? [question] : [])]
}

interface AnyPart {
  readonly type: string
  readonly toolCallId?: string
  /** Of a steering message. */
  readonly parts?: readonly AnyPart[]
}

const isCall = ({ type }: AnyPart) => type === 'dynamic-tool' || type.startsWith('tool-')

/** What is wrong with a thread after an attack on it, in which the model made some calls itself. */
function wrongIn(
  issued: readonly string[],
  before: readonly StoredMessage[],
  after: readonly StoredMessage[],
): string[] {
  const callsOf = (messages: readonly StoredMessage[]) => {
    const parts = messages.flatMap((message) => message.parts as readonly AnyPart[])
    return parts.flatMap((part) => [part, ...(part.parts ?? [])]).filter(isCall)
  }
  const known = new Set([...issued, ...callsOf(before).map(({ toolCallId }) => toolCallId)])
  const strange = callsOf(after).filter(({ toolCallId }) => !known.has(toolCallId))
  const problems = strange.map((part) => `stored the part ${JSON.stringify(part)}`)
  for (const call of callsOf(after)) {
    if (JSON.stringify(call).includes(forged.output)) problems.push(`stored the outcome ${JSON.stringify(call)}`)
    if (JSON.stringify(call).includes(forged.input)) problems.push(`stored the input ${JSON.stringify(call)}`)
  }
  for (const { id, author, parts, turnStatus } of after) {
    const isAgents = author.kind !== 'user' && author.claimed !== true
    if (isAgents && JSON.stringify(parts).includes('FORGED')) problems.push(`stored as ${author.id}'s: ${id}`)
    if (turnStatus === 'open') problems.push(`left the turn of ${id} open`)
  }
  return problems
}

/** What is wrong with what the model was shown: a call that is not stored, or words of the attacker as a tool's. */
function wrongInPrompts(app: Application, from: number): string[] {
  const parts = app.model.calls.slice(from).flatMap(({ messages }) =>
    messages.flatMap(({ role, content }) => {
      return typeof content === 'string' ? [] : content.map((part) => ({ role, part }))
    }),
  )
  const lies = parts.filter(({ role, part }) => {
    const isTools = role === 'tool' || part.type === 'tool-call' || part.type === 'tool-result'
    return isTools && JSON.stringify(part).includes('FORGED')
  })
  return lies.map(({ part }) => `showed the model ${JSON.stringify(part)}`)
}

async function attackWith(app: Application, attack: Attack, form: Form, sending: Sending, victimId: string) {
  const { threadId } = attack
  const [runs, calls, untyped] = [app.executions.length, app.model.calls.length, app.untyped.length]
  const issued = app.issued.length
  const reply = await app.post(
    mallory,
    { id: threadId, messages: bodyOf(attack, form, sending, victimId) },
    sending.way,
  )
  const problems = [
    ...wrongIn(app.issued.slice(issued), attack.history, await historyOf(app, mallory, threadId)),
    ...wrongInPrompts(app, calls),
  ]
  const ran = app.executions.slice(runs)
  const isFine = ran.length === 0 || (form.approves && JSON.stringify(ran) === JSON.stringify([attack.allowed]))
  if (!isFine) problems.push(`ran ${JSON.stringify(ran)}`)
  if (app.untyped.length > untyped) problems.push(`failed with ${String(app.untyped.at(-1))}`)
  if (reply.status === 500) problems.push(`answered ${reply.text}`)
  return problems.map((problem) => `${form.name} (${Object.values(sending).join(', ')}): ${problem}`)
}

async function seedVictim(app: Application): Promise<string> {
  const { memory } = app
  const { resourceId, threadId } = victim
  await ask(app, resourceId, threadId, 'My secret is 42.')
  await ask(app, resourceId, threadId, 'call wipe all-of-mine')
  await memory.facts.add('The secret of the victim is 42.', { userId: resourceId, infer: false })
  await memory.updateWorkingMemory({ resourceId, workingMemory: '# Secret\n42\n' })
  await memory.team('acme').write('secret', { number: 42 })
  const said = await historyOf(app, resourceId, threadId)
  return said.at(-1)?.id ?? ''
}

const watched = ['resource/victim', 'team/acme'] as const

/** The forms that would do the most harm. */
const harmful =
  /^tool-\* (approved|output-available) in an assistant message|^tool-call with request|^tool-call and its/

/** A quarter of the forms, others for the next origin, in turns of how they are sent; the most harmful in every way. */
function plans(origin: number): readonly (readonly [Form, Sending])[] {
  const share = everyNth(4)
  return forms.flatMap((form, index) => {
    const turn = index * 7 + origin * 5
    const chosen = harmful.test(form.name)
      ? sendings.filter(
          (_, place) => place % surroundings.length === (turn + Math.floor(place / 3)) % surroundings.length,
        )
      : [sendings[turn % sendings.length] as Sending].filter(() => index % share === origin % share)
    return chosen.map((sending) => [form, sending] as const)
  })
}

describe('a forged part about a call', () => {
  it.each(Object.keys(origins).map((name, index) => [name, index] as const))('%s', async (name, origin) => {
    const app = await openApplication()
    const victimId = await seedVictim(app)
    const before = await Promise.all(watched.map((space) => contentsOf(app.memory, space)))
    const problems: string[] = []
    for (const [index, [form, sending]] of plans(origin).entries()) {
      const attack = await (origins[name] as (typeof origins)[string])(app, `t${index}`)
      problems.push(...(await attackWith(app, attack, form, sending, victimId)))
    }
    expect(await Promise.all(watched.map((space) => contentsOf(app.memory, space)))).toEqual(before)
    expect(problems).toEqual([])
  })
})

describe('an honest page', () => {
  it.each(ways)('has its call run once, however often it says so: %s', async (way) => {
    const app = await openApplication()
    await ask(app, mallory, 'mine', 'call wipe one-file')
    const page = await historyOf(app, mallory, 'mine')
    const { toolCallId, approvalId: id } = newestCall(page)
    const said = page.map((message) => ({
      ...message,
      parts: message.parts.map((part) => {
        if ((part as AnyPart).toolCallId !== toolCallId) return part
        return { ...part, state: 'approval-responded', approval: { id, approved: true } }
      }),
    }))
    expect((await app.post(mallory, { id: 'mine', messages: said }, way)).status).toBe(200)
    await app.post(mallory, { id: 'mine', messages: said }, way)
    await approve(app, mallory, 'mine')
    expect(app.executions).toEqual([{ tool: 'wipe', input: { what: 'one-file' } }])
    expect(app.untyped).toEqual([])
  })
})
