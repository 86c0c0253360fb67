// Plain requests for tests, over kept connections, with full control of the header fields.
import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

export interface Asked {
  method?: string
  headers?: Record<string, string | string[]>
  body?: Buffer | string
}

/** Makes one request; follows nothing, refuses nothing. Rejects when there is no answer. */
export function ask(url: URL | string, { method, headers, body }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options = {
      agent,
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...length, ...headers },
    }
    const asking = request(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body: Buffer.concat(chunks).toString() })
      })
    })
    asking.on('error', reject)
    asking.end(body)
  })
}
