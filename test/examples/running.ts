// Examples as a user runs them: each one a process, in a folder where nothing is but what examples before it left.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Memory } from 'aquifer'
import { threadProblems } from 'aquifer/testing'
import { expect, onTestFinished } from 'vitest'
import { temporaryFolder } from '../memory/opened.ts'
import { runNode } from '../processes.ts'

const recorder = new URL('recorder.ts', import.meta.url).href
const examples = fileURLToPath(new URL('../../examples/', import.meta.url))

/** What recall brought from other threads, at the head of a prompt. How much of it is found is for recall to say. */
const recalled = /user\n {2}<recalled-memory[\s\S]*? {2}<\/recalled-memory>\n\n/

/** A prompt as its model saw it. */
export interface Shown {
  /** Without what was recalled. */
  readonly prompt: string
  /** Empty if nothing was. */
  readonly recalled: string
}

export interface Folder {
  /** Runs an example to its end; answers what it printed and what its models were shown, in order. */
  run(name: string): Promise<{ readonly printed: string; readonly shown: readonly Shown[] }>
  /** State of the turn, author and text of each message of a thread. */
  story(resourceId: string, threadId: string): Promise<(readonly [string | undefined, string, string])[]>
  /** The memory that the examples left. */
  open(): Memory
}

/** A new folder for examples. */
export function openFolder(): Folder {
  const folder = temporaryFolder()
  const open = () => {
    const url = `file:${join(folder, 'aquifer.db')}`
    const memory = new Memory({ storage: url, background: false, embedder: false })
    onTestFinished(() => memory.close())
    return memory
  }
  return {
    open,
    run: async (name) => {
      const options = ['--conditions=aquifer-source', '--import', recorder, join(examples, `${name}.ts`)]
      const { stdout, stderr } = await runNode(options, { cwd: folder })
      expect(stderr).toBe('')
      const prompts = JSON.parse(readFileSync(join(folder, 'asked.json'), 'utf8')) as string[]
      const shown = prompts.map((prompt) => {
        return { prompt: prompt.replace(recalled, ''), recalled: recalled.exec(prompt)?.[0] ?? '' }
      })
      return { printed: stdout, shown }
    },
    story: async (resourceId, threadId) => {
      const { messages } = await open().listMessages({ resourceId, threadId, includeInternal: true })
      expect(threadProblems(messages)).toEqual([])
      return messages.map(({ turnStatus, author, parts }) => {
        const said = parts.map((part) => (part.type === 'text' ? String(part.text) : `[${part.type}]`))
        return [turnStatus, author.id, said.filter((text) => text !== '[step-start]').join(' ')]
      })
    },
  }
}
