/**
 * Where the projects of `npm run test:package` are made: a folder whose `node_modules` has Ottla, as
 * npm installs its tarball, within a folder whose `node_modules` has the tools.
 *
 *   ~/.cache/ottla/package-tools-…/node_modules     tools/package.json, installed once
 *     run-…/node_modules/ottla                      the tarball, with what npm installs along
 *     run-…/<project>/                              the files of one project
 *
 * Neighbours: main.ts opens it; each file of projects/ makes projects in it; consumer.ts packs.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { cachedFolder } from '../broker/cache.js'
import { projectFile } from '../broker/project.js'
import { npm, pack } from './consumer.js'
import { fetchNode } from './node-binary.js'

const TOOLS = projectFile('test', 'package', 'tools', 'package.json')
const COMMAND_TIMEOUT_MS = 300_000
/** A cluster on real ports and a producer's close end well within it. */
const MAX_OUTPUT_BYTES = 2 ** 26

/** The versions that projects are tried with. */
export const TOOL_LIST = JSON.parse(readFileSync(TOOLS, 'utf8')) as {
  readonly nodes: readonly string[]
  readonly dependencies: Readonly<Record<string, string>>
}

/** A project cannot be tried here: a tool or platform is missing. Not Ottla's failure. */
export class NotHere extends Error {}

/** A command of a project: where, with what. */
export interface Command {
  readonly cwd: string
  readonly args: readonly string[]
  /** Path of the Node that runs `args`; default this one. Null: `args` is a program of its own. */
  readonly node?: string | null
  readonly env?: Readonly<Record<string, string>>
}

export class Workshop {
  readonly #tools: string
  readonly #run: string
  /** Path of the packed package. */
  readonly tarball: string

  private constructor(tools: string, run: string, tarball: string) {
    this.#tools = tools
    this.#run = run
    this.tarball = tarball
  }

  /** Installs the tools, if they are not there, and Ottla. */
  static async open(): Promise<Workshop> {
    const hash = createHash('sha256').update(readFileSync(TOOLS)).digest('hex').slice(0, 12)
    const tools = await cachedFolder(`package-tools-${hash}`, async (folder) => {
      await copyFile(TOOLS, join(folder, 'package.json'))
      await npm(folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund')
    })
    const run = await mkdtemp(join(tools, 'run-'))
    const { filename } = await pack(run)
    await writeFile(join(run, 'package.json'), '{ "private": true }')
    const flags = ['--no-audit', '--no-fund', '--prefer-offline']
    await npm(run, 'install', ...flags, join(run, filename))
    return new Workshop(tools, run, join(run, filename))
  }

  async close(): Promise<void> {
    await rm(this.#run, { recursive: true })
  }

  /** Makes a project of these files, by name; its package.json says `module` unless given. */
  async project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const folder = join(this.#run, name.replaceAll(/[^\w.-]+/g, '-'))
    await mkdir(folder, { recursive: true })
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text)
    }
    return folder
  }

  /** Path of a tool's file, e.g. `jest/bin/jest.js`. */
  tool(path: string): string {
    return join(this.#tools, 'node_modules', path)
  }

  /** Path of a Node of TOOL_LIST, by the beginning of its version. */
  async node(version: string): Promise<string> {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new NotHere(`other Nodes are for linux-x64, this is ${process.platform}`)
    }
    const full = TOOL_LIST.nodes.find((it) => it.startsWith(version)) ?? version
    return fetchNode(full)
  }

  /** Runs a command; what it printed. Throws with all that it printed where it fails. */
  async run({ cwd, args, node = process.execPath, env = {} }: Command): Promise<string> {
    const [program = '', ...rest] = node === null ? args : [node, ...args]
    const path = [dirname(node ?? process.execPath), process.env.PATH].join(delimiter)
    const options = {
      cwd,
      env: { ...cleanEnvironment(), PATH: path, ...env },
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    }
    return new Promise((resolve, reject) => {
      execFile(program, rest, options, (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`.trim()
        if (error === null) resolve(output)
        else reject(new Error(`${args.join(' ')}\n${output}\n${error.message.split('\n', 1)[0]}`))
      }).stdin?.end()
    })
  }

  /** Runs it and checks that it printed `expected`. */
  async expect(expected: string | RegExp, command: Command): Promise<void> {
    const output = await this.run(command)
    const isThere = typeof expected === 'string' ? output.includes(expected) : expected.test(output)
    if (!isThere) {
      throw new Error(`${command.args.join(' ')} did not print ${String(expected)}:\n${output}`)
    }
  }
}

/** Settings of an outer `npm run`, and of a test runner around it, are not the project's. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|TAP|NODE_OPTIONS$|NODE_ENV$|CI$)/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
