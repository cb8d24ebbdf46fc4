// A chat application with one route, as the guide writes it, over HTTP: what an attacker of a chat can reach.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Agent, type AgentInput, type CallOptions, type Memory, MemoryError } from 'aquifer'
import { callTool, type ModelCall, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { onTestFinished } from 'vitest'
import { openMemory } from '../memory/opened.ts'
import { type CountedTools, countedTools } from './counted-tools.ts'

export type Way = 'generate' | 'stream'
export const ways: readonly Way[] = ['generate', 'stream']

/** What a client may post: the chat's id, and whatever it likes. */
export interface Body {
  readonly id: string
  readonly messages: unknown
  readonly trigger?: unknown
  readonly messageId?: unknown
  readonly [field: string]: unknown
}

export interface Reply {
  readonly status: number
  readonly text: string
}

export interface Application extends CountedTools {
  /** Where it listens: `/stream` and `/generate`. Who asks is the header `authorization`. */
  readonly url: string
  readonly memory: Memory
  readonly agent: Agent
  /** The same agent, for another actor. */
  readonly agentOn: (memory: Memory) => Agent
  readonly model: ScriptedModel
  /** Ids of the calls that the model itself made, in order. */
  readonly issued: readonly string[]
  /** Errors that left a call or its stream, or made `finished` reject, and are no `MemoryError`. */
  readonly untyped: unknown[]
  /** Posts what a client of that user posts, and waits until its turn is over. */
  post(user: string, body: Body, way?: Way): Promise<Reply>
  /** Waits until every turn that a request began is over. */
  idle(): Promise<unknown>
}

const statusOf: Readonly<Record<string, number>> = {
  'invalid-input': 400,
  'not-found': 404,
  conflict: 409,
  denied: 403,
}

/** `call wipe all`, at the end of what a user says, makes the model call that tool. */
function answerOf({ messages, prompt, number }: ModelCall, issued: string[]): unknown {
  if (messages.at(-1)?.role !== 'user') return 'It is done.'
  const [, name, what] = /\bcall (\w+) ([\w-]+)$/.exec(prompt) ?? []
  if (name === undefined) return 'Fine.'
  const toolCallId = `call_${number}`
  issued.push(toolCallId)
  return callTool(name, { what }, { toolCallId })
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function detailsOf(error: unknown): object {
  return error instanceof MemoryError ? { decided: error.details.decided } : {}
}

/** What a page posts that decides about a call by its id. */
export interface PostedDecision {
  readonly runId: unknown
  readonly toolCallId?: unknown
  /** Yes or no; absent if `data` is what the call is to go on with. */
  readonly approved?: boolean
  readonly data?: unknown
}

/** Decides in the name of the resource of the session: the run must be there. */
async function decided(agent: Agent, resource: string, { approved, data, ...call }: PostedDecision) {
  const options = { ...call, memory: { resource } } as unknown as Parameters<Agent['approveToolCallGenerate']>[0]
  if (approved === undefined) return { text: (await agent.resumeGenerate(data, options)).text }
  const method = approved ? ('approveToolCallGenerate' as const) : ('declineToolCallGenerate' as const)
  return { text: (await agent[method](options)).text }
}

/** The route: who asks is known from the session, never from what was posted. */
function routeOf(agent: Agent, untyped: unknown[]) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const resourceId = request.headers.authorization
    if (resourceId === undefined) return reply(response, 401, null)
    try {
      const body = JSON.parse(await text(request)) as Body
      if (request.url === '/decide') return reply(response, 200, await decided(agent, resourceId, body as never))
      const { id, messages, trigger, messageId } = body
      const stated = {
        ...(trigger === undefined ? {} : { trigger }),
        ...(messageId === undefined ? {} : { messageId }),
      }
      const options = { resourceId, threadId: id, ...stated } as CallOptions
      if (request.url === '/generate') {
        const { text: said, messageId: answerId } = await agent.generate(messages as AgentInput, options)
        return reply(response, 200, { text: said, messageId: answerId })
      }
      const onError = ({ error }: { error: unknown }) => void (error instanceof MemoryError || untyped.push(error))
      const result = await agent.stream(messages as AgentInput, { ...options, onError })
      result.pipeUIMessageStreamToResponse(response)
      await result.finished
    } catch (error) {
      if (!(error instanceof MemoryError)) untyped.push(error)
      const code = error instanceof MemoryError ? error.code : 'untyped'
      if (response.headersSent) response.end()
      else reply(response, statusOf[code] ?? 500, { code, error: String(error), ...detailsOf(error) })
    }
  }
}

/** Opens the application, which closes with its test. */
export async function openApplication(memory: Memory = openMemory()): Promise<Application> {
  const { tools, executions } = countedTools()
  const issued: string[] = []
  const model = scriptedModel({ answer: (call) => answerOf(call, issued) })
  const untyped: unknown[] = []
  const agentOn = (own: Memory) => new Agent({ name: 'Support', instructions: 'You help.', model, memory: own, tools })
  const agent = agentOn(memory)
  const route = routeOf(agent, untyped)
  const working = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const served = route(request, response).finally(() => void working.delete(served))
    working.add(served)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => void server.close(() => resolve()))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const post = async (user: string, body: Body, way: Way = 'stream'): Promise<Reply> => {
    const init = { method: 'POST', headers: { authorization: user }, body: JSON.stringify(body) }
    const response = await fetch(`${url}/${way}`, init)
    const answered = { status: response.status, text: await response.text() }
    await Promise.all(working)
    return answered
  }
  return {
    url,
    memory,
    agent,
    agentOn,
    model,
    issued,
    tools,
    executions,
    untyped,
    post,
    idle: () => Promise.all(working),
  }
}
