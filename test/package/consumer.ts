/**
 * A project that uses Ottla as its users do: the packed tarball, installed by npm in a folder of its
 * own, without the optional packages and without install scripts. Needs no network.
 *
 * Neighbours: pack.test.ts asks it questions.
 */
import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { projectFile } from '../broker/project.js'

const run = promisify(execFile)

/** The part of `npm pack --json` that we read. */
export interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** Builds and packs the project into `folder`. */
export async function pack(folder: string): Promise<Packed> {
  const { stdout } = await npm(projectFile(), 'pack', '--json', '--pack-destination', folder)
  // What the build says comes first. npm 10 prints a list, later ones an object by package name.
  const report = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<string, Packed>
  const [packed] = Object.values(report)
  if (packed === undefined) throw new Error(`npm pack reported nothing: ${stdout}`)
  return packed
}

/** A project in `folder` that has the tarball installed, and @types/node beside it. */
export async function install(folder: string, tarball: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--offline']
  await npm(folder, 'install', ...flags, tarball)
}

/** The libraries that the subpaths of the package need: its users install them beside it. */
const LIBRARIES = [
  ...['@bufbuild/protobuf', '@opentelemetry/api', 'ajv', 'avsc', 'prom-client', 'protobufjs'],
]

/** Puts these into the project, as they are in this repository. */
export async function linkLibraries(folder: string): Promise<void> {
  for (const name of LIBRARIES) {
    const link = join(folder, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(projectFile('node_modules', name), link, 'dir')
  }
}

/** Runs npm in `cwd`. */
export async function npm(cwd: string, ...args: string[]): Promise<{ stdout: string }> {
  // Settings that an outer `npm run` puts in the environment are not this project's.
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))
  return run('npm', args, { cwd, env: Object.fromEntries(entries), maxBuffer: 2 ** 26 })
}

/** Writes `source` as `folder/name` and runs it with this Node; its standard output, trimmed. */
export async function runFile(folder: string, name: string, source: string): Promise<string> {
  await writeFile(join(folder, name), source)
  const { stdout } = await run(process.execPath, [name], { cwd: folder })
  return stdout.trim()
}

/** Checks `source` as `folder/name` by the strictest TypeScript; what the compiler says, '' if well. */
export async function typeCheck(
  folder: string,
  name: string,
  source: string,
  compilerOptions: Readonly<Record<string, string>>,
): Promise<string> {
  const common = { strict: true, noEmit: true, target: 'ES2022', lib: ['ES2023'], types: ['node'] }
  const typeRoots = [projectFile('node_modules', '@types')]
  const options = { ...common, typeRoots, ...compilerOptions }
  await writeFile(join(folder, name), source)
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: [name] }),
  )
  const tsc = projectFile('node_modules', 'typescript', 'bin', 'tsc')
  try {
    await run(process.execPath, [tsc, '--project', folder])
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
