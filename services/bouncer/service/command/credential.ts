// `app-password …` and `certificate …`: how programs log in here.
import { addCertificate, listCertificates, removeCertificate } from '../../manage/certificates.ts'
import { createAppPassword, listAppPasswords, revokeAppPassword } from '../../manage/passwords.ts'
import { type Answer, type Command, MISUSED, type PersonalAsking, personal } from '../command.ts'
import { formatTime } from '../words.ts'

export const CREDENTIAL_COMMANDS: readonly Command[] = [
  {
    name: 'app-password create',
    aliases: ['app-password add'],
    usage: 'LABEL',
    help: [
      'Makes a password for one program, such as: app-password create "WeeChat on the laptop"',
    ],
    needsOwnLogin: true,
    handle: personal(createPassword),
  },
  {
    name: 'app-password list',
    aliases: ['app-password status'],
    usage: '',
    help: ['Shows your app passwords (not the passwords themselves), and when each was used.'],
    handle: personal(listPasswords),
  },
  {
    name: 'app-password revoke',
    aliases: ['app-password delete'],
    usage: 'NUMBER',
    help: ['Takes an app password back: “app-password list” shows the numbers.'],
    needsOwnLogin: true,
    handle: personal(({ user }, [number, ...more]) => {
      if (number === undefined || more.length > 0) return MISUSED
      const revoked = revokeAppPassword(user, Number(number))
      return revoked.ok ? [`Revoked app password ${number}.`] : revoked
    }),
  },
  {
    name: 'certificate add',
    usage: 'FINGERPRINT [LABEL]',
    help: ['Lets a program log in with its client certificate (SASL EXTERNAL), by its SHA-256.'],
    needsOwnLogin: true,
    handle: personal(({ user }, [fingerprint, ...label]) => {
      if (fingerprint === undefined) return MISUSED
      const added = addCertificate(user, fingerprint, label.join(' '))
      return added.ok ? [`Added the certificate ${added.fingerprint}.`] : added
    }),
  },
  {
    name: 'certificate list',
    aliases: ['certificate status'],
    usage: '',
    help: ['Shows the client certificates that log in here.'],
    handle: personal(({ user }) => {
      const lines = listCertificates(user).map(({ fingerprint, label, createdAt }) =>
        [fingerprint, label, `added ${formatTime(createdAt)}`]
          .filter((each) => each !== '')
          .join(', '),
      )
      return lines.length > 0 ? lines : ['There are none: “certificate add FINGERPRINT” adds one.']
    }),
  },
  {
    name: 'certificate remove',
    aliases: ['certificate delete'],
    usage: 'FINGERPRINT',
    help: ['Lets a certificate log in no more.'],
    needsOwnLogin: true,
    handle: personal(({ user }, [fingerprint, ...more]) => {
      if (fingerprint === undefined || more.length > 0) return MISUSED
      const removed = removeCertificate(user, fingerprint)
      return removed.ok ? ['Removed the certificate.'] : removed
    }),
  },
]

async function createPassword({ user }: PersonalAsking, words: readonly string[]): Promise<Answer> {
  if (words.length === 0) return MISUSED
  const made = await createAppPassword(user, words.join(' '))
  if (!made.ok) return made
  return [`App password for ${made.app.label} (shown once): ${made.password}`]
}

function listPasswords({ user }: PersonalAsking): Answer {
  const lines = listAppPasswords(user).map(({ id, label, createdAt, lastUsedAt, lastUsedFrom }) => {
    const used =
      lastUsedAt === undefined
        ? 'never used'
        : `used ${formatTime(lastUsedAt)} from ${lastUsedFrom}`
    return `${id}: ${label}, made ${formatTime(createdAt)}, ${used}`
  })
  return lines.length > 0 ? lines : ['There are none: “app-password create LABEL” makes one.']
}
