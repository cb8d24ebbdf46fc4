/** The sources of one checkout, and what the measurements of builds do with them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

/** Loads a checkout, and opens a memory of it on a file of its own. */
export async function openBuild(root: string) {
  const load = (path: string) => import(pathToFileURL(join(resolve(root), path)).href)
  const testing = (await load('src/testing/index.ts')) as typeof import('aquifer/testing')
  const aquifer = (await load('src/index.ts')) as typeof import('aquifer')
  const folder = mkdtempSync(join(tmpdir(), 'aquifer-builds-'))
  const memory = new aquifer.Memory({ storage: `file:${join(folder, 'a.db')}`, embedder: false })
  const close = async () => {
    await memory.close()
    rmSync(folder, { recursive: true })
  }
  return { ...testing, ...aquifer, memory, close }
}

type Build = Awaited<ReturnType<typeof openBuild>>

/** What is said in turn `i`: words of which some come again and some are rare. */
export const words = (i: number) =>
  `word${i % 97} plan${i % 13} and the customer ${i} wants an upgrade in week ${i % 52}`

/** An agent on a model that answers at once; with a tool, it calls it before each answer. */
export function agentWith({ Agent, createTool, scriptedModel, callTool, memory }: Build, hasTool: boolean) {
  let calls = 0
  const says = 'It is open until six today.'
  const answer = () => (hasTool && calls++ % 2 === 0 ? callTool('look', { question: says }) : says)
  const look = createTool({
    id: 'look',
    description: 'Looks it up.',
    inputSchema: z.object({ question: z.string() }),
    execute: () => says,
  })
  return new Agent({ name: 'Clerk', memory, model: scriptedModel({ answer }), ...(hasTool ? { tools: { look } } : {}) })
}

type BuildAgent = ReturnType<typeof agentWith>

/** Runs a turn as a stream to its end. */
export async function streamed(agent: BuildAgent, said: string, at: { resourceId: string; threadId: string }) {
  await (await agent.stream(said, at)).finished
}
