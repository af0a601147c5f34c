/**
 * Kafka's Java producer as a program that keeps to the contract itself (java/BenchProducer.java):
 * compiled once, and started without a process between.
 *
 * Neighbours: java.ts runs Kafka's own tool; install.ts builds the others.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { kafkaClassPath } from '../../test/broker/jars.js'
import { compileJava, javaProgram } from '../../test/broker/java.js'
import { projectFile } from '../../test/broker/project.js'
import { kafkaVersion, PINNED_VERSION } from '../../test/broker/versions.js'
import type { SubjectProgram } from '../support/run-subject.js'

/** Java's own form of a long command line: the class path is known only when the jars are there. */
const ARGUMENTS = projectFile('bench', 'peers', 'bin', 'java-arguments')

export const JAVA_PROGRAM: SubjectProgram = {
  command: javaProgram(),
  args: [`@${ARGUMENTS}`, 'BenchProducer'],
}

const FLAGS = ['-Xms512m', '-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']

/** Fetches the jars if they are not here yet, and compiles. */
export async function buildJavaProgram(log: (line: string) => void): Promise<void> {
  log('building the Java program')
  const classPath = await kafkaClassPath(kafkaVersion(PINNED_VERSION), log)
  const folder = dirname(ARGUMENTS)
  const sources = projectFile('bench', 'peers', 'java')
  mkdirSync(folder, { recursive: true })
  // The compiler finds the program's other classes by their sources.
  const wholePath = [sources, classPath].join(delimiter)
  await compileJava(wholePath, join(sources, 'BenchProducer.java'), folder)
  const quoted = JSON.stringify([folder, classPath].join(delimiter))
  writeFileSync(ARGUMENTS, [...FLAGS, '-cp', quoted].join('\n'))
}
