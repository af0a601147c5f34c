/**
 * TypeScript of many versions, in the usual module settings: strict, `skipLibCheck` off, without
 * @types/node and without DOM. What it makes is run.
 */
import { SENT, TYPED } from '../programs.js'
import { TOOL_LIST, type Workshop } from '../workshop.js'
import type { Project } from './project.js'

const STRICT = {
  ...{ target: 'ES2022', lib: ['ES2022'], types: [], strict: true, skipLibCheck: false },
  ...{ rootDir: '.', outDir: 'out', exactOptionalPropertyTypes: true },
}

interface Setting {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
  readonly sources: readonly string[]
  /** What can be run of what comes out. */
  readonly programs: readonly string[]
  /** Versions that no longer know it. */
  readonly isGoneIn?: readonly string[]
}

const SETTINGS: readonly Setting[] = [
  {
    name: 'commonjs, node10',
    options: { module: 'commonjs', moduleResolution: 'node10' },
    sources: ['send.ts'],
    programs: ['out/send.js'],
    isGoneIn: ['7'],
  },
  ...(['node16', 'nodenext'] as const).map((name) => ({
    name: `${name}, ES module and CommonJS`,
    options: { module: name, moduleResolution: name },
    sources: ['send.mts', 'send.cts', 'send.ts'], // the last is what package.json's type makes it
    programs: ['out/send.mjs', 'out/send.cjs', 'out/send.js'],
  })),
  {
    name: 'esnext, bundler',
    options: { module: 'esnext', moduleResolution: 'bundler' },
    sources: ['send.ts'],
    programs: [],
  },
]

/** `5.0` and where it is: the one called plainly `typescript`, or an alias `typescript-5.0`. */
const COMPILERS = Object.entries(TOOL_LIST.dependencies)
  .filter(([name]) => /^typescript(-|$)/.test(name))
  .map(([name, version]) => ({ name, version: version.replace('npm:typescript@', '') }))
  .sort((a, b) => a.version.localeCompare(b.version))

async function tryCompiler(
  compiler: (typeof COMPILERS)[number],
  setting: Setting,
  workshop: Workshop,
): Promise<void> {
  const { name, options, sources, programs } = setting
  // TypeScript 6 wants to hear that we know what it will drop.
  const known =
    compiler.version.startsWith('6') && 'moduleResolution' in options && name.includes('node10')
  const compilerOptions = {
    ...{ ...STRICT, ...options },
    ...(known ? { ignoreDeprecations: '6.0' } : {}),
  }
  const cwd = await workshop.project(`typescript ${compiler.version} ${name}`, {
    'package.json': '{ "private": true, "type": "commonjs" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, files: sources }),
    ...Object.fromEntries(sources.map((source) => [source, TYPED])),
  })
  const tsc = workshop.tool(`${compiler.name}/bin/tsc`)
  await workshop.run({ cwd, args: [tsc, '--project', '.'] })
  for (const program of programs) await workshop.expect(SENT, { cwd, args: [program] })
}

export const TYPESCRIPT_PROJECTS: readonly Project[] = COMPILERS.flatMap((compiler) =>
  SETTINGS.filter(({ isGoneIn = [] }) => !isGoneIn.includes(compiler.version[0] ?? '')).map(
    (setting) => ({
      group: 'TypeScript',
      name: `${compiler.version}, ${setting.name}`,
      isInSubset: setting.name.startsWith('nodenext') || compiler.version.startsWith('5.9'),
      try: (workshop) => tryCompiler(compiler, setting, workshop),
    }),
  ),
)
