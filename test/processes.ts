// Starts the processes of tests. None has a limit of its own: what hangs is found by the one limit of all tests.
import { type ChildProcess, execFile, execFileSync, fork, type StdioPipe, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = new URL('..', import.meta.url)

/** What Node has compiled is kept between processes: without it, half of what a short program takes is spent on that. */
const compileCache = fileURLToPath(new URL('node_modules/.cache/node-compile', root))

export interface ProcessOptions {
  /** The folder it runs in. Default: the root of the repository. */
  readonly cwd?: string | URL
  /** All of its variables. Default: those of this process. */
  readonly env?: NodeJS.ProcessEnv
}

export interface Output {
  readonly stdout: string
  readonly stderr: string
}

const running = new Set<ChildProcess>()
// What a test that failed has left hanging.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

function known(child: ChildProcess): void {
  running.add(child)
  child.once('close', () => running.delete(child))
}

function cached(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, NODE_COMPILE_CACHE: compileCache }
}

/** Starts Node. What it prints can be read as it comes. */
export function startNode(args: readonly string[], { cwd = root, env }: ProcessOptions = {}) {
  const stdio: ['ignore', StdioPipe, StdioPipe] = ['ignore', 'pipe', 'pipe']
  const child = spawn(process.execPath, args, { cwd, env: cached(env), stdio })
  known(child)
  return child
}

/** Starts Node, to be told what to do while it runs. It ends when its input does. */
export function startTold(args: readonly string[]) {
  const child = spawn(process.execPath, args, { cwd: root, env: cached(), stdio: ['pipe', 'pipe', 'pipe'] })
  known(child)
  return child
}

/** Starts a file of Node that answers by messages, with arguments. */
export function startAnswering(file: URL, args: readonly string[]): ChildProcess {
  const execArgv = ['--disable-warning=ExperimentalWarning']
  const child = fork(fileURLToPath(file), args, {
    execArgv,
    env: cached(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  known(child)
  return child
}

/**
 * The bytes of a file that a connection of this process may have open. Another process reads them: closing a descriptor would
 * drop all locks that this process has on the file.
 */
export function readElsewhere(file: string): Buffer {
  return execFileSync('cat', [file], { maxBuffer: 2 ** 31 })
}

/** Runs a command to its end. Rejects if it fails, with an error that has what was printed. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd = root, env }: ProcessOptions = {},
): Promise<Output> {
  const maxBuffer = 64 * 1_024 * 1_024
  const output = promisify(execFile)(command, args, { cwd, env: cached(env), maxBuffer })
  known(output.child)
  return await output
}

/** Runs Node to its end, as `runCommand` does. */
export function runNode(args: readonly string[], options?: ProcessOptions): Promise<Output> {
  return runCommand(process.execPath, args, options)
}

/** Runs the text of a module, in which `aquifer` and `aquifer/testing` are found in any folder; answers what it printed as JSON. */
export async function runProgram(program: string, options?: ProcessOptions): Promise<unknown> {
  const entry = (path: string) => `'${new URL(path, root).href}'`
  const source = program
    .replaceAll(`'aquifer'`, entry('src/index.ts'))
    .replaceAll(`'aquifer/testing'`, entry('src/testing/index.ts'))
  const { stdout } = await runNode(['--conditions=aquifer-source', '--input-type=module', '-e', source], options)
  return JSON.parse(stdout)
}

/** Compiles a project of TypeScript. Rejects if there are errors, with an error whose `stdout` lists them. */
export function compile(args: readonly string[], options?: ProcessOptions): Promise<Output> {
  return runNode([fileURLToPath(new URL('node_modules/typescript/bin/tsc', root)), ...args], options)
}
