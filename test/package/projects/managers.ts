/**
 * Package managers other than npm, each with its own way to lay packages out: they install the
 * tarball without a warning of scripts, and both programs run.
 */
import { COMMONJS, ES_MODULE, SENT } from '../programs.js'
import { NotHere, type Command, type Workshop } from '../workshop.js'
import { npm } from '../consumer.js'
import type { Project } from './project.js'

const FILES = {
  'package.json': '{ "name": "project", "private": true }',
  'send.mjs': ES_MODULE,
  'send.cjs': COMMONJS,
}

/** What a manager says of a package whose install script it did not run. */
const SCRIPTS = /ignored build|build scripts|blocked \d+ postinstall|install-scripts/i

interface Manager {
  readonly name: string
  readonly isInSubset?: boolean
  /** The command that installs. */
  readonly install: (workshop: Workshop) => Omit<Command, 'cwd'>
  readonly files?: Readonly<Record<string, string>>
  /** What runs a file, where that is not Node alone. */
  readonly runner?: (workshop: Workshop) => readonly string[]
  /** Nodes to run on besides this one. */
  readonly nodes?: readonly string[]
}

const YARN = '@yarnpkg/cli-dist/bin/yarn.js'
const MANAGERS: readonly Manager[] = [
  {
    name: 'pnpm',
    isInSubset: true,
    install: (it) => ({ node: null, args: [it.tool('.bin/pnpm'), 'add', it.tarball] }),
  },
  {
    name: "Yarn, Plug'n'Play",
    isInSubset: true,
    files: { 'yarn.lock': '', '.yarnrc.yml': 'enableGlobalCache: true\nenableTelemetry: false\n' },
    install: (it) => ({ args: [it.tool(YARN), 'add', `ottla@file:${it.tarball}`] }),
    runner: (it) => [it.tool(YARN), 'node'],
    nodes: ['20.19', '22.12'],
  },
  {
    name: 'Yarn, node_modules',
    files: {
      'yarn.lock': '',
      '.yarnrc.yml': 'nodeLinker: node-modules\nenableGlobalCache: true\nenableTelemetry: false\n',
    },
    install: (it) => ({ args: [it.tool(YARN), 'add', `ottla@file:${it.tarball}`] }),
  },
  {
    name: 'bun install',
    install: (it) => ({ node: null, args: [bun(it), 'add', it.tarball] }),
  },
]

function bun(workshop: Workshop): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new NotHere('bun is looked for as linux-x64')
  }
  return workshop.tool('@oven/bun-linux-x64/bin/bun')
}

async function tryManager(manager: Manager, workshop: Workshop): Promise<void> {
  const { name, files = {}, install, runner = () => [], nodes = [] } = manager
  const cwd = await workshop.project(name, { ...FILES, ...files })
  const output = await workshop.run({ cwd, ...install(workshop), env: await sameRegistry() })
  if (SCRIPTS.test(output)) throw new Error(output)
  const binaries = [process.execPath, ...(await Promise.all(nodes.map((it) => workshop.node(it))))]
  for (const node of binaries) {
    for (const file of ['send.mjs', 'send.cjs']) {
      await workshop.expect(SENT, { cwd, node, args: [...runner(workshop), file] })
    }
  }
}

/** Yarn does not read npm's settings: it is told from where npm installs. */
async function sameRegistry(): Promise<Record<string, string>> {
  const { stdout } = await npm(process.cwd(), 'config', 'get', 'registry')
  return { YARN_NPM_REGISTRY_SERVER: stdout.trim().replace(/\/$/, '') }
}

export const MANAGER_PROJECTS: readonly Project[] = MANAGERS.map((manager) => ({
  group: 'Package managers',
  name: manager.name,
  isInSubset: manager.isInSubset === true,
  try: (workshop) => tryManager(manager, workshop),
}))
