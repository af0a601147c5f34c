/**
 * Every line that the sources can log, as level and text, found by reading them. What is put into a text
 * stands as `…`; a text that is made elsewhere as the expression that gives it, in braces.
 *
 * Neighbours: logs.test.ts compares it with the table of docs/health-and-logs.md.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import { projectFile } from '../broker/project.js'

export interface LogLine {
  readonly path: string
  readonly level: string
  readonly text: string
}

/** These pass on what others log. */
const CARRIERS = [
  'src/logger.ts',
  'src/network/outage-log.ts',
  'src/producer/completing/unheard-log.ts',
]
const LEVELS = ['debug', 'info', 'warn', 'error']
/** Texts of another file, by the name of the constant; null: those that are passed on here are found there. */
const ELSEWHERE: Readonly<Record<string, string | null>> = {
  crc32cNotice: 'no package for checksums could be loaded: …',
  message: null,
}
/** outage-log.ts: a failure is a warning the first time; over is one line. With the place of the text. */
const OF_OUTAGE = new Map([
  ['failed', { level: 'warn', place: 1 }],
  ['over', { level: 'info', place: 0 }],
])

export function logLines(): LogLine[] {
  const paths = readdirSync(projectFile('src'), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join('src', name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts') && !/^src\/(testing|cli)\//.test(path))
  return paths.filter((path) => !CARRIERS.includes(path)).flatMap(linesOf)
}

function linesOf(path: string): LogLine[] {
  const text = readFileSync(projectFile(path), 'utf8')
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  const lines: LogLine[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      for (const line of callsOf(node, file)) lines.push({ path, ...line })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return lines
}

function callsOf(call: ts.CallExpression, file: ts.SourceFile): Omit<LogLine, 'path'>[] {
  const { expression: callee, arguments: given } = call
  if (ts.isIdentifier(callee) && callee.text === 'warn') {
    return textsOf(given[0], file).map((text) => ({ level: 'warn', text }))
  }
  if (!ts.isPropertyAccessExpression(callee)) return []
  const receiver = callee.expression.getText(file)
  const method = callee.name.text
  if (LEVELS.includes(method) && /(?:[lL]ogger|unheard)$/.test(receiver) && given.length === 2) {
    return textsOf(given[1], file).map((text) => ({ level: method, text }))
  }
  const line = OF_OUTAGE.get(method)
  if (line === undefined || !/\boutage$/.test(receiver)) return []
  return textsOf(given[line.place], file).map((text) => ({ level: line.level, text }))
}

/** None where it is found elsewhere. */
function textsOf(node: ts.Node | undefined, file: ts.SourceFile): string[] {
  if (node === undefined) return []
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isTemplateExpression(node)) {
    return [node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')]
  }
  if (ts.isIdentifier(node)) {
    const text = constantOf(node, file) ?? ELSEWHERE[node.text]
    return text === null ? [] : [text ?? `{${node.text}}`]
  }
  return [`{${node.getText(file)}}`]
}

/** `const message = '…'` of the method around, or of the file itself. */
function constantOf(name: ts.Identifier, file: ts.SourceFile): string | undefined {
  let around: ts.Node = name
  while (!ts.isMethodDeclaration(around) && !ts.isSourceFile(around)) around = around.parent
  const within = ts.isMethodDeclaration(around) ? (around.body?.statements ?? []) : []
  const declarations = [...within, ...file.statements]
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
  const found = declarations.find((it) => it.name.getText(file) === name.text)
  return found?.initializer === undefined ? undefined : textsOf(found.initializer, file)[0]
}
