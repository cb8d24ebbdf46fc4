// What is bound to ./aquifer.db is decided by the working folder, so these programs run in processes of their own.
import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../memory/opened.ts'
import { runProgram } from '../processes.ts'

const options = '{ background: false, embedder: false }'

it('is where a memory lives that was used before it was registered', async () => {
  const folder = temporaryFolder()
  const program = `
    import { Aquifer, Memory } from 'aquifer'
    const memory = new Memory(${options})
    await memory.team('acme').write('lead', 'Acme')
    const told = []
    for (const storage of ['file:./team.db', 'file:./aquifer.db', undefined]) {
      try {
        new Aquifer({ memory, ...(storage === undefined ? {} : { storage }) })
        told.push('bound')
      } catch ({ code, details }) {
        told.push({ code, details })
      }
    }
    await memory.close()
    console.log(JSON.stringify(told))`
  expect(await runProgram(program, { cwd: folder })).toEqual([
    { code: 'conflict', details: { present: 'file:./aquifer.db', second: 'file:./team.db' } },
    'bound',
    'bound',
  ])
  expect(readdirSync(folder)).toEqual(['aquifer.db'])
})

it('is where a memory lives whose container has no storage', async () => {
  const folder = temporaryFolder()
  const program = `
    import { Aquifer, Memory } from 'aquifer'
    const memory = new Memory(${options})
    await using aquifer = new Aquifer({ memory })
    await memory.team('acme').write('lead', 'Acme')
    console.log(JSON.stringify(await memory.team('acme').read('lead')))`
  expect(await runProgram(program, { cwd: folder })).toBe('Acme')
  expect(readdirSync(folder)).toEqual(['aquifer.db'])
})

it('is not where a memory lives if that could not be opened', async () => {
  const folder = temporaryFolder()
  const program = `
    import { mkdirSync } from 'node:fs'
    import { Aquifer, Memory } from 'aquifer'
    mkdirSync('aquifer.db')
    const memory = new Memory(${options})
    const code = await memory.team('acme').read('lead').catch((error) => error.code)
    await using aquifer = new Aquifer({ storage: 'file:./team.db', memory })
    await memory.team('acme').write('lead', 'Acme')
    console.log(JSON.stringify([code, await memory.team('acme').read('lead')]))`
  expect(await runProgram(program, { cwd: folder })).toEqual(['unavailable', 'Acme'])
})

it('loads no AI SDK with the container', async () => {
  const program = `
    import { registerHooks } from 'node:module'
    const seen = []
    registerHooks({ resolve(specifier, context, next) { seen.push(specifier); return next(specifier, context) } })
    const { Aquifer } = await import('aquifer')
    await new Aquifer({ storage: ':memory:' }).close()
    console.log(JSON.stringify(seen.filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('file:'))))`
  expect(await runProgram(program, { cwd: temporaryFolder() })).not.toContain('ai')
})
