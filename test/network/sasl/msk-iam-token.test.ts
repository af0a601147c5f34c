import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import {
  mskIamToken,
  type MskIamSigner,
  type MskIamTokenOptions,
} from '../../../src/network/sasl/msk-iam-token.js'
import { findPackage } from '../../../src/optional-package.js'
import { projectFile } from '../../broker/project.js'
import { ManualClock } from '../../support/manual-clock.js'
import { failureOf, thrownBy } from './support.js'

const clock = new ManualClock()
const END_MS = clock.now() + 600_000

/** In the place of the package: says how it was called. */
function fakeSigner(expiryTime: number | undefined = END_MS) {
  const calls: [string, object][] = []
  const answer = (name: string) => async (options: object) => {
    calls.push([name, options])
    const { awsCredentialsProvider } = options as {
      awsCredentialsProvider?: () => Promise<unknown>
    }
    await awsCredentialsProvider?.()
    return { token: 'signed', expiryTime: expiryTime }
  }
  const signer: MskIamSigner = {
    generateAuthToken: answer('generateAuthToken'),
    generateAuthTokenFromProfile: answer('generateAuthTokenFromProfile'),
    generateAuthTokenFromRole: answer('generateAuthTokenFromRole'),
    generateAuthTokenFromCredentialsProvider: answer('generateAuthTokenFromCredentialsProvider'),
  }
  let loads = 0
  const load = (): MskIamSigner => {
    loads += 1
    return signer
  }
  return { calls, loads: () => loads, environment: { clock, load } }
}

t.test('each source of credentials has its function', async (t) => {
  const cases: [MskIamTokenOptions, string, object][] = [
    [{ region: 'eu-central-1' }, 'generateAuthToken', { region: 'eu-central-1' }],
    [
      { region: 'a', profile: 'p' },
      'generateAuthTokenFromProfile',
      { region: 'a', awsProfileName: 'p' },
    ],
    [
      { region: 'a', roleArn: 'arn:x', roleSessionName: 's' },
      'generateAuthTokenFromRole',
      { region: 'a', awsRoleArn: 'arn:x', awsRoleSessionName: 's' },
    ],
  ]
  for (const [options, name, given] of cases) {
    const fake = fakeSigner()
    const token = mskIamToken(options, fake.environment)
    t.equal(fake.loads(), 0, 'loaded only when a token is asked for')
    t.strictSame(await token(), { token: 'signed', expiresAtMs: END_MS })
    t.strictSame(fake.calls, [[name, given]])
  }
})

t.test('a token ends with the credentials that signed it, and within 15 minutes', async (t) => {
  const provider = (expiration?: Date) => async () => {
    return { accessKeyId: 'x', secretAccessKey: 'y', expiration }
  }
  const endOf = async (signedMs: number | undefined, expiration?: Date) => {
    const options = { region: 'a', credentialsProvider: provider(expiration) }
    return (await mskIamToken(options, fakeSigner(signedMs).environment)()).expiresAtMs
  }
  t.equal(await endOf(END_MS, new Date(END_MS - 1)), END_MS - 1)
  t.equal(await endOf(END_MS, new Date(END_MS + 1)), END_MS)
  t.equal(await endOf(END_MS), END_MS)
  t.equal(await endOf(END_MS + 900_000), clock.now() + 900_000)
})

t.test('what does not fit is said at once', async (t) => {
  const wrong: [unknown, RegExp][] = [
    [undefined, /region/],
    [{}, /needs the cluster's region/],
    [{ region: 'eu central' }, /needs the cluster's region/],
    [{ region: 'a', profile: 'p', roleArn: 'r', roleSessionName: 's' }, /takes one of/],
    [{ region: 'a', roleArn: 'r' }, /together/],
    [{ region: 'a', credentialsProvider: 'x' }, /no function/],
    [{ region: 'a', profil: 'p' }, /"profil": did you mean profile\?/],
    [{ region: 'a', zzz: 'p' }, /it can have region/],
  ]
  for (const [options, says] of wrong) {
    const error = thrownBy(() => mskIamToken(options as MskIamTokenOptions))
    t.match(error, { name: 'ConfigError', message: says })
  }
})

t.test('a failing signer fails the call', async (t) => {
  const cause = new Error('no credentials')
  const load = () => ({ generateAuthToken: () => Promise.reject(cause) }) as never
  t.equal(await failureOf(mskIamToken({ region: 'a' }, { clock, load })()), cause)
})

t.test('without the package, the line that installs it', async (t) => {
  if (findPackage('aws-msk-iam-sasl-signer-js') === null) {
    const error = thrownBy(() => mskIamToken({ region: 'a' }))
    t.match(error, { name: 'ConfigError', message: /run `npm install aws-msk-iam-sasl-signer-js`/ })
  }
})

t.test('the package is found beside the program, and loaded with the first token', async (t) => {
  const helper = projectFile('build', 'src', 'network', 'sasl', 'msk-iam-token.js')
  const signer = `console.log('loaded')
    exports.generateAuthToken = async () => ({ token: 'signed', expiryTime: 1 })`
  const folder = t.testdir({
    'main.mjs': `import { mskIamToken } from ${JSON.stringify(pathToFileURL(helper).href)}
      const token = mskIamToken({ region: 'a' })
      console.log('made')
      console.log((await token()).token, (await token()).token)`,
    node_modules: { 'aws-msk-iam-sasl-signer-js': { 'index.js': signer } },
  })
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'main.mjs')])
  t.strictSame(stdout.trim().split('\n'), ['made', 'loaded', 'signed signed'])
})
