// What else stands in front of a registry: nginx, with and without its buffers, and caddy. They let everybody through; the
// token goes on.
import {
  type Daemon,
  freePorts,
  isListening,
  makePeerHome,
  programInside,
  startDaemon,
} from '../../test/support/daemon.ts'

/** nginx on two ports: as it is by default, and without buffers. */
export async function startNginx(
  upstream: number,
): Promise<{ daemon: Daemon; buffered: number; unbuffered: number }> {
  const home = makePeerHome('nginx')
  const [buffered = 0, unbuffered = 0] = await freePorts(2)
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${home.mkdir(each)};`,
  )
  const server = (port: number, more: string) => `
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://registry;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      ${more}
    }
  }`
  const config = `daemon off;
worker_processes auto;
pid ${home.inside}/nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
  ${temp.join('\n  ')}
  access_log off;
  client_max_body_size 0;
  upstream registry { server 127.0.0.1:${upstream}; keepalive 64; }
  ${server(buffered, '')}
  ${server(unbuffered, 'proxy_buffering off; proxy_request_buffering off;')}
}
`
  const daemon = await startDaemon({
    name: 'nginx',
    home,
    program: programInside('nginx'),
    args: ['-e', 'stderr', '-c', home.write('nginx.conf', config)],
    isReady: () => isListening(unbuffered),
  })
  return { daemon, buffered, unbuffered }
}

export async function startCaddy(upstream: number): Promise<{ daemon: Daemon; port: number }> {
  const home = makePeerHome('caddy')
  const [port = 0] = await freePorts(1)
  const config = `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  reverse_proxy 127.0.0.1:${upstream}
}
`
  const daemon = await startDaemon({
    name: 'caddy',
    home,
    program: programInside('caddy'),
    args: ['run', '--adapter', 'caddyfile', '--config', home.write('Caddyfile', config)],
    isReady: () => isListening(port),
  })
  return { daemon, port }
}
