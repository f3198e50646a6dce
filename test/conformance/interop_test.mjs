// Other people's TUF client reads what we publish, and our client reads what they publish.
//
//   node interop_test.mjs BIN REPO
//
// BIN holds the built programs, REPO is the source tree. Exit 0 when both agree in every step.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { initializeTUFRepo, tufHandlers } from '@tufjs/repo-mock';
import { Updater } from 'tuf-js';

const [bin, repo] = process.argv.slice(2);
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'firebreak-interop-'));
const run = (program, ...args) =>
  execFileSync(path.join(bin, program), args, { cwd: place, stdio: ['ignore', 'pipe', 'pipe'] });
const firebreak = (...args) => run('firebreak', '--home', path.join(place, 'lab'), ...args);

async function until(what, check) {
  for (let i = 0; i < 100; ++i) {
    const seen = check();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`ten seconds passed without ${what}`);
}

// --- what firebreak publishes, read by tuf-js ---

function submitEngine(version) {
  const artifact = path.join(place, 'sensor');
  fs.writeFileSync(artifact, `engine ${version}`);
  firebreak('release', 'create', '--component', 'sensor.engine', '--kind', 'core', '--version',
            version, '--artifact', artifact, '--contract',
            `${repo}/examples/sensor/contract-7.11.json`, '--definition',
            `${repo}/examples/sensor/definition.json`, '--what', 'w', '--why', 'w', '--risk', 'r',
            '--undo', 'u');
  firebreak('release', 'sign', `sensor.engine-${version}`);
  firebreak('release', 'submit', `sensor.engine-${version}`);
}

async function theirClientReadsOurs() {
  firebreak('init', path.join(place, 'lab'), '--lab', '--listen', '127.0.0.1:0');
  const server = spawn(path.join(bin, 'firebreakd'),
                       ['--config', path.join(place, 'lab/server/firebreakd.toml')],
                       { stdio: 'ignore' });
  try {
    const urlFile = path.join(place, 'lab/server/state/url');
    const url = await until('a server', () => fs.existsSync(urlFile) &&
                                              fs.readFileSync(urlFile, 'utf8').trim());
    submitEngine('7.11');
    const metadataDir = fs.mkdtempSync(path.join(place, 'theirs-'));
    fs.copyFileSync(path.join(place, 'lab/root.json'), path.join(metadataDir, 'root.json'));
    const client = () => new Updater({
      metadataDir, metadataBaseUrl: `${url}/tuf/metadata`,
      targetDir: metadataDir, targetBaseUrl: `${url}/tuf/targets`,
    });
    await readTarget(client(), 'core/sensor.engine/7.11.sensor', 'engine 7.11');  // delegated
    await readTarget(client(), 'trust/people.json');                  // of the top-level role
    submitEngine('7.12');
    await readTarget(client(), 'core/sensor.engine/7.12.sensor', 'engine 7.12');
    const updater = client();
    await updater.refresh();
    assert.equal(await updater.getTargetInfo('core/sensor.engine/9.sensor'), undefined);
  } finally {
    server.kill();
  }
}

async function readTarget(updater, name, expected) {
  await updater.refresh();
  const info = await updater.getTargetInfo(name);
  assert.ok(info, `tuf-js does not find ${name}`);
  const file = await updater.downloadTarget(info, path.join(place, 'downloaded'));
  if (expected !== undefined) assert.equal(fs.readFileSync(file, 'utf8'), expected);
}

// --- what @tufjs/repo-mock publishes, read by tuf-client ---

async function ourClientReadsTheirs() {
  const theirs = initializeTUFRepo([{ name: 'hello.txt', content: 'hello from elsewhere' }]);
  const handlers = new Map(tufHandlers(theirs, {}).map((each) => [each.path, each.fn]));
  let lie = false;
  const server = http.createServer((request, response) => {
    const answer = (handlers.get(request.url) ?? (() => ({ statusCode: 404, response: '' })))();
    response.statusCode = answer.statusCode;
    response.end(lie && request.url.includes('hello') ? 'hello from nowhere.!' : answer.response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const root = path.join(place, 'their-root.json');
  fs.writeFileSync(root, JSON.stringify(theirs.rootMeta.toJSON()));
  const metadata = path.join(place, 'ours');
  const client = (...args) => new Promise((resolve) => {
    const child = spawn(path.join(bin, 'tuf-client'), ['--metadata-dir', metadata, ...args],
                        { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('exit', resolve);
  });
  const download = (name) => client('--metadata-url', `${url}/metadata`, '--target-name', name,
                                    '--target-dir', path.join(place, 'got'), '--target-base-url',
                                    `${url}/targets`, 'download');
  try {
    assert.equal(await client('init', root), 0);
    assert.equal(await client('--metadata-url', `${url}/metadata`, 'refresh'), 0);
    lie = true;
    assert.equal(await download('hello.txt'), 1, 'a changed byte has to be refused');
    lie = false;
    assert.equal(await download('hello.txt'), 0);
    assert.equal(fs.readFileSync(path.join(place, 'got/hello.txt'), 'utf8'),
                 'hello from elsewhere');
    assert.equal(await download('nothing.txt'), 1);
  } finally {
    server.close();
  }
}

try {
  await theirClientReadsOurs();
  await ourClientReadsTheirs();
} finally {
  fs.rmSync(place, { recursive: true, force: true });
}
