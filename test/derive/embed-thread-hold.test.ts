// What keeps a process from ending: whoever waits for a vector does, and what is made in the background does not.
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { runNode } from '../processes.ts'

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Texts that a process saw embedded before it ended by itself. */
async function embeddedBy(calls: string): Promise<string[]> {
  const program = `
    const { EmbedThread } = await import(${JSON.stringify(fileOf('../../src/derive/embed-thread.ts'))})
    const { pathToFileURL } = await import('node:url')
    const thread = new EmbedThread(pathToFileURL(${JSON.stringify(fileOf('./embed-thread-worker.ts'))}))
    const embed = (text, options) => thread.embed({}, [text], options).then(() => console.log(text))
    ${calls}`
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]
  const { stdout } = await runNode(flags)
  return stdout.split('\n').filter((line) => line !== '')
}

it.each<[string, string, string[]]>([
  ['a call without options', `void embed('a')`, ['a']],
  ['one for a record', `void embed('a', { purpose: 'record' })`, ['a']],
  ['none in the background', `void embed('a', { isBackground: true })`, []],
  [
    'a query before others',
    `void embed('a', { isBackground: true }); void embed('q', { purpose: 'query' })`,
    ['a', 'q'],
  ],
])('%s', async (_, calls, embedded) => {
  expect(await embeddedBy(calls)).toEqual(embedded)
})

it('no record that comes after a query', async () => {
  const records = 10_000
  const embedded = await embeddedBy(`
    await embed('q', { purpose: 'query' })
    for (let i = 0; i < ${records}; i++) void embed('b', { isBackground: true })`)
  expect(embedded[0]).toBe('q')
  expect(embedded.length).toBeLessThan(records)
})
