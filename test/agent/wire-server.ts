// A language model behind HTTP on this machine: OpenAI's wire format, by a script, at a port that the system chooses.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { PromptMessageLike } from 'aquifer/testing'

/** A call of a tool as the wire has it: its arguments are a text. */
export interface WireCall {
  readonly id: string
  readonly function: { readonly name: string; readonly arguments: string }
}

export interface WireMessage {
  readonly role: string
  readonly content?: string | null
  readonly tool_calls?: readonly WireCall[]
  readonly tool_call_id?: string
}

export interface WireBody {
  readonly model: string
  readonly messages: readonly WireMessage[]
  readonly stream?: boolean
  readonly tools?: readonly { readonly function: { readonly name: string } }[]
}

export interface WireRequest {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: WireBody
  /** Resolves when the connection is closed, by whomever. */
  readonly closed: Promise<unknown>
}

/** What the server does at one request. */
export interface WireStep {
  /** The last message that it answers; default: any. */
  readonly to?: string
  readonly text?: string
  readonly calls?: readonly WireCall[]
  readonly finishReason?: string
  /** An HTTP error in the place of an answer. */
  readonly status?: number
  /**
   * How an answer ends that does not end well, after its text and calls. Of an answer that comes whole only `stalled` and
   * `broken-off` say something: nothing comes, or a piece of it.
   */
  readonly ending?: 'error-chunk' | 'broken-chunk' | 'broken-off' | 'stalled'
}

export interface WireServer {
  /** For the `baseURL` of a provider. */
  readonly url: string
  readonly requests: readonly WireRequest[]
  /**
   * What comes next, request by request, in the place of steps that nobody asked for. One more request than steps is
   * answered by an HTTP 400.
   */
  script(...steps: readonly WireStep[]): void
  /** Breaks every connection off, as it stands. */
  breakOff(): void
  close(): Promise<void>
}

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

/** A call of a tool in a step; each needs an id of its own. */
export function wireCall(id: string, name: string, input: unknown): WireCall {
  const written = typeof input === 'string' ? input : JSON.stringify(input)
  return { id, function: { name, arguments: written } }
}

function pieces(text: string, size: number): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? []
}

/** The arguments of calls that run beside each other come in turns, a piece of each at a time. */
function* callDeltas(calls: readonly WireCall[]): Generator<object> {
  for (const [index, { id, function: called }] of calls.entries()) {
    yield { tool_calls: [{ index, id, type: 'function', function: { name: called.name, arguments: '' } }] }
  }
  const written = calls.map((call) => pieces(call.function.arguments, 5))
  for (let at = 0; at < Math.max(0, ...written.map(({ length }) => length)); at += 1) {
    for (const [index, parts] of written.entries()) {
      if (parts[at] !== undefined) yield { tool_calls: [{ index, function: { arguments: parts[at] } }] }
    }
  }
}

function finishOf({ finishReason, calls = [] }: WireStep): string {
  return finishReason ?? (calls.length === 0 ? 'stop' : 'tool_calls')
}

/** The events of a streamed answer, as far as it comes. */
function* eventsOf(step: WireStep, head: object): Generator<string> {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })
  yield chunk({ role: 'assistant', content: '' })
  for (const content of pieces(step.text ?? '', 6)) yield chunk({ content })
  for (const delta of callDeltas(step.calls ?? [])) yield chunk(delta)
  if (step.ending === 'error-chunk') yield JSON.stringify({ error: { message: 'overloaded', type: 'server_error' } })
  if (step.ending === 'broken-chunk') yield chunk({ content: 'never' }).slice(0, 40)
  if (step.ending !== undefined) return
  yield chunk({}, finishOf(step))
  yield JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage })
  yield '[DONE]'
}

async function sendStream(response: ServerResponse, step: WireStep, head: object): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const events = [...eventsOf(step, head)].map((event) => `data: ${event}\n\n`)
  const bytes = Buffer.from(events.join(''))
  // Networks cut where they like, within an event and within a letter.
  for (let at = 0; at < bytes.length && !response.destroyed; at += 37) {
    response.write(bytes.subarray(at, at + 37))
    await turn()
  }
  if (step.ending === 'broken-off') response.destroy()
  else if (step.ending !== 'stalled') response.end()
}

function sendWhole(response: ServerResponse, step: WireStep, head: object): void {
  if (step.ending === 'stalled') return
  const { text = null, calls = [] } = step
  const called = calls.length === 0 ? {} : { tool_calls: calls.map((call) => ({ ...call, type: 'function' })) }
  const message = { role: 'assistant', content: text, ...called }
  const choices = [{ index: 0, message, finish_reason: finishOf(step) }]
  const whole = JSON.stringify({ ...head, object: 'chat.completion', choices, usage })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(whole) })
  if (step.ending === undefined) response.end(whole)
  else response.write(whole.slice(0, 20), () => response.destroy())
}

function refuse(response: ServerResponse, status: number, message: string): void {
  // Without the header a client waits two seconds before it asks again.
  response.writeHead(status, { 'content-type': 'application/json', 'retry-after-ms': '1' })
  response.end(JSON.stringify({ error: { message, type: 'server_error' } }))
}

async function bodyOf(request: IncomingMessage): Promise<WireBody> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as WireBody
}

/** Listens on this machine alone, until it is closed. */
export async function openWireServer(): Promise<WireServer> {
  const requests: WireRequest[] = []
  let waiting: readonly WireStep[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const closed = once(response, 'close')
    const body = await bodyOf(request)
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization, body, closed })
    const asked = body.messages.at(-1)?.content
    const step = waiting.find(({ to }) => to === undefined || to === asked)
    waiting = waiting.filter((one) => one !== step)
    if (step === undefined) return refuse(response, 400, 'The script has no more steps.')
    if (step.status !== undefined) return refuse(response, step.status, `status ${step.status}`)
    const head = { id: `chatcmpl-${requests.length}`, created: 1_700_000_000, model: body.model }
    if (body.stream === true) await sendStream(response, step, head)
    else sendWhole(response, step, head)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    script: (...steps) => {
      waiting = steps
    },
    breakOff: () => server.closeAllConnections(),
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** A request's prompt in the AI SDK's own form, as the checks of prompts read it. */
export function promptOf({ messages }: WireBody): PromptMessageLike[] {
  const names = new Map<string, string>()
  return messages.map(({ role, content, tool_calls: calls = [], tool_call_id: toolCallId = '' }) => {
    if (role === 'tool') {
      const output = { type: 'text', value: content }
      return { role, content: [{ type: 'tool-result', toolCallId, toolName: names.get(toolCallId), output }] }
    }
    for (const { id, function: called } of calls) names.set(id, called.name)
    const parts = calls.map(({ id, function: called }) => {
      return {
        type: 'tool-call',
        toolCallId: id,
        toolName: called.name,
        input: JSON.parse(called.arguments) as unknown,
      }
    })
    if (role !== 'assistant') return { role, content }
    const text = content === null || content === undefined || content === '' ? [] : [{ type: 'text', text: content }]
    return { role, content: [...text, ...parts] }
  })
}
