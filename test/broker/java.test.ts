/** What is said of the Java on a machine: a script stands in for it. */
import { join } from 'node:path'
import { chmodSync } from 'node:fs'
import t, { type Test } from 'tap'
import { whyNoJava } from './java.js'

const JDK = ['java.base', 'jdk.compiler']

/** For the rest of the test JAVA_HOME is this folder. */
function useHome(t: Test, home: string): void {
  const before = process.env.JAVA_HOME
  process.env.JAVA_HOME = home
  t.teardown(() => {
    if (before === undefined) delete process.env.JAVA_HOME
    else process.env.JAVA_HOME = before
  })
}

/** JAVA_HOME leads to a `java` of this version, which has these modules. */
function playJava(t: Test, version: string, modules: readonly string[]): void {
  const listed = modules.map((name) => `echo ${name}@${version}`).join('\n')
  const java = `#!/bin/sh
[ "$1" = --list-modules ] || { echo 'openjdk version "${version}"' >&2; exit; }
${listed}
`
  const home = t.testdir({ bin: { java } })
  chmodSync(join(home, 'bin', 'java'), 0o755)
  useHome(t, home)
}

t.test('a JDK that is new enough will do', async (t) => {
  playJava(t, '17.0.1', JDK)
  t.equal(await whyNoJava(), null)
})

t.test('one without a compiler does not: programs of our own are compiled', async (t) => {
  playJava(t, '21.0.2', ['java.base', 'jdk.compiler.other'])
  t.equal(await whyNoJava(), 'Java 21 is there without its compiler: a JDK is needed')
})

t.test('an old one, and none', async (t) => {
  playJava(t, '11.0.1', JDK)
  t.equal(await whyNoJava(), 'Java 11 is too old: 17 or newer is needed')
  useHome(t, join(t.testdir({}), 'nowhere'))
  t.equal(await whyNoJava(), 'no Java (17 or newer) on the PATH or in JAVA_HOME')
})
