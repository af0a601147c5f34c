/**
 * What README.md and examples/README.md promise a newcomer: the first program as it is pasted, in a
 * fresh project; what `await using` needs; the examples of the tarball, copied as the page says. The
 * broker's address alone is another than the page's.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TestCluster } from '../../../src/testing/cluster.js'
import { projectFile } from '../../broker/project.js'
import { codeBlocks, page } from '../../docs/markdown.js'
import { npm } from '../consumer.js'
import { TOOL_LIST, type Workshop } from '../workshop.js'
import type { Project } from './project.js'

const GROUP = 'README and examples'
const BROKERS = 'localhost:9092'
const PRINTED = /^partition 0, offset 0$/m

const [FIRST, USING] = programsOf('## First program')
const [COPY] = codeBlocks(page('examples/README.md')).filter(({ code }) => code.startsWith('sed '))

function programsOf(heading: string): readonly string[] {
  const { path, text } = page('README.md')
  const [, rest = ''] = text.split(`${heading}\n`)
  const [section = ''] = rest.split('\n## ')
  return codeBlocks({ path, text: section }).flatMap(({ language, code }) =>
    language === 'sh' ? [] : [code],
  )
}

/** Does it with a cluster that the program takes for the page's broker. */
async function withProgram(
  program: string | undefined,
  body: (program: string, brokers: string) => Promise<void>,
): Promise<void> {
  if (program === undefined) throw new Error('the page has no such program')
  const cluster = await TestCluster.start({ topics: { orders: {} } })
  try {
    const brokers = cluster.bootstrap.join(',')
    await body(program.replace(BROKERS, brokers), brokers)
  } finally {
    await cluster.close()
  }
}

/** A folder as `npm init -y` leaves it, by npm 10 without a `type`, by later ones with this. */
async function fresh(name: string, workshop: Workshop): Promise<string> {
  const cwd = await workshop.project(name, {})
  await npm(cwd, 'init', '-y')
  await npm(cwd, 'pkg', 'set', 'type=commonjs')
  return cwd
}

const afterInit = (version: string): Project => ({
  group: GROUP,
  name: `first program after npm init -y, Node ${version}`,
  isInSubset: true,
  try: (workshop) =>
    withProgram(FIRST, async (program) => {
      const cwd = await fresh(`first ${version}`, workshop)
      await writeFile(join(cwd, 'first.mjs'), program)
      const node = await workshop.node(version)
      await workshop.expect(PRINTED, { cwd, args: ['first.mjs'], node })
    }),
})

const asTypeScript = (compiler: string, version: string): Project => ({
  group: GROUP,
  name: `first program after npx tsc --init, TypeScript ${version}`,
  isInSubset: true,
  try: (workshop) =>
    withProgram(FIRST, async (program) => {
      const cwd = await fresh(`first ${compiler}`, workshop)
      const tsc = workshop.tool(`${compiler}/bin/tsc`)
      await workshop.run({ cwd, args: [tsc, '--init'] })
      await writeFile(join(cwd, 'first.mts'), program)
      await workshop.run({ cwd, args: [tsc] })
      await workshop.expect(PRINTED, { cwd, args: ['first.mjs'] })
    }),
})

const usingOnNode = (version: string): Project => ({
  group: GROUP,
  name: `await using, Node ${version}`,
  isInSubset: true,
  try: (workshop) =>
    withProgram(USING, async (program) => {
      const cwd = await fresh(`using ${version}`, workshop)
      await writeFile(join(cwd, 'using.mjs'), program)
      const node = await workshop.node(version)
      await workshop.expect(PRINTED, { cwd, args: ['using.mjs'], node })
    }),
})

/** Why the page speaks of settings at all. */
const usingRefused: Project = {
  group: GROUP,
  name: 'await using, refused by Node 22 as tsc --init leaves it',
  isInSubset: true,
  try: (workshop) =>
    withProgram(USING, async (program) => {
      const cwd = await fresh('using refused', workshop)
      await writeFile(join(cwd, 'using.mjs'), program)
      const node = await workshop.node('22')
      const error = await workshop.run({ cwd, args: ['using.mjs'], node }).then(String, String)
      if (!error.includes('SyntaxError')) throw new Error(`it ran: ${error}`)
    }),
}

const SETTINGS = /`("target".*?)`.*?`("lib".*?)`.*?`("types".*?)`/s.exec(page('README.md').text)

/** As `tsc --init` leaves it, with the page's settings in the place of its own. */
function withSettings(tsconfig: string): string {
  const settings = SETTINGS?.slice(1) ?? []
  const names = settings.map((setting) => setting.split(':', 1)[0]).join('|')
  const others = tsconfig.replaceAll(new RegExp(`^\\s*(${names}):.*$`, 'gm'), '')
  return others.replace('"compilerOptions": {', `$& ${settings.join(', ')},`)
}

const usingCompiled = (compiler: string, typescript: string, version: string): Project => ({
  group: GROUP,
  name: `await using, TypeScript ${typescript}, Node ${version}`,
  isInSubset: typescript.startsWith('7'), // it is the quick one
  try: (workshop) =>
    withProgram(USING, async (program) => {
      const cwd = await fresh(`using ${compiler} ${version}`, workshop)
      const tsc = workshop.tool(`${compiler}/bin/tsc`)
      const module = typescript < '5.9' ? ['--module', 'nodenext'] : [] // later ones choose it themselves
      await workshop.run({ cwd, args: [tsc, '--init', ...module] })
      const config = join(cwd, 'tsconfig.json')
      await writeFile(config, withSettings(await readFile(config, 'utf8')))
      await writeFile(join(cwd, 'using.mts'), program)
      await workshop.run({ cwd, args: [tsc] })
      const node = await workshop.node(version)
      await workshop.expect(PRINTED, { cwd, args: ['using.mjs'], node })
    }),
})

/** The command of the page makes `name.mts` of `name.ts`. */
async function copyExample(name: string, cwd: string, workshop: Workshop): Promise<void> {
  const [command = ''] = COPY?.code.split('\n') ?? []
  const ottla = '../node_modules/ottla' // the project is in a folder that has it
  const here = command.replaceAll('send-one', name).replace('node_modules/ottla', ottla)
  await workshop.run({ cwd, node: null, args: ['sh', '-c', here] })
}

const example = (name: string): Project => ({
  group: GROUP,
  name: `examples/${name}.ts, copied`,
  isInSubset: name === 'send-one',
  try: (workshop) =>
    withProgram('', async (_, brokers) => {
      const cwd = await fresh(`example ${name}`, workshop)
      await copyExample(name, cwd, workshop)
      const env = { KAFKA_BROKERS: brokers }
      const tsx = workshop.tool('tsx/dist/cli.mjs')
      await workshop.run({ cwd, args: [`${name}.mts`], env, node: await workshop.node('24') })
      if (name !== 'worker-threads') await workshop.run({ cwd, args: [tsx, `${name}.mts`], env })
    }),
})

const COMPILERS = Object.entries(TOOL_LIST.dependencies)
  .filter(([name]) => /^typescript(-|$)/.test(name))
  .map(([name, version]) => [name, version.replace('npm:typescript@', '')] as const)

const EXAMPLES = (await readdir(projectFile('examples')))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace('.ts', ''))

export const README_PROJECTS: readonly Project[] = [
  ...TOOL_LIST.nodes.map(afterInit),
  ...COMPILERS.filter(([, version]) => version >= '5.9').map((it) => asTypeScript(...it)),
  ...TOOL_LIST.nodes.filter((version) => Number.parseInt(version) >= 24).map(usingOnNode),
  ...COMPILERS.filter(([, version]) => version >= '5.2').flatMap((it) =>
    ['20', '22'].map((node) => usingCompiled(...it, node)),
  ),
  usingRefused,
  ...EXAMPLES.map(example),
]
