'use strict';

const number = new Intl.NumberFormat('en');
const svg = 'http://www.w3.org/2000/svg';

function element(tag, text, style) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (style) made.className = style;
  return made;
}

function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; count >= 1024 && unit + 1 < units.length; ++unit) count /= 1024;
  return `${unit === 0 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}

function lasting(seconds) {
  const days = Math.floor(seconds / 86400);
  const clock = new Date(seconds % 86400 * 1000).toISOString().slice(11, 19);
  return days === 0 ? clock : `${days} d ${clock}`;
}

// A cell is text, or { text, style, id }: ids are what tests look for.
function table(head, rows) {
  const made = element('table', undefined, head ? '' : 'facts');
  if (head) {
    const row = made.createTHead().insertRow();
    head.forEach((text, i) => row.append(element('th', text, i > 0 && numeric(rows, i) ? 'number' : '')));
  }
  const body = made.createTBody();
  for (const cells of rows) {
    const row = body.insertRow();
    cells.forEach((cell, i) => {
      const value = typeof cell === 'object' ? cell : { text: cell };
      const isNumber = typeof value.text === 'number';
      const text = isNumber ? number.format(value.text) : value.text;
      const place = element('td', text, (isNumber && i > 0 ? 'number ' : '') + (value.style || ''));
      if (value.id) place.id = value.id;
      row.append(place);
    });
  }
  return made;
}

function numeric(rows, column) {
  return rows.some(row => {
    const cell = row[column];
    return typeof (cell !== null && typeof cell === 'object' ? cell.text : cell) === 'number';
  });
}

function section(title, content, wide) {
  const made = element('section', undefined, wide ? 'wide' : '');
  made.append(element('h2', title), ...content);
  return made;
}

function sparkline(values, title) {
  const known = values.filter(value => value !== null);
  const made = document.createElementNS(svg, 'svg');
  made.setAttribute('class', 'spark');
  made.setAttribute('viewBox', '0 0 120 30');
  made.setAttribute('preserveAspectRatio', 'none');
  made.setAttribute('role', 'img');
  const label = document.createElementNS(svg, 'title');
  label.textContent = title;
  made.append(label);
  const top = Math.max(...known, 0.001);
  let points = [];
  const flush = () => {
    if (points.length > 0) {
      const line = document.createElementNS(svg, 'polyline');
      if (points.length === 1) points.push(points[0].replace(/^[^,]+/, x => Number(x) + 0.5));
      line.setAttribute('points', points.join(' '));
      made.append(line);
    }
    points = [];
  };
  values.forEach((value, i) => {
    if (value === null) flush();
    else points.push(`${120 - values.length + i},${(28 - 26 * value / top).toFixed(2)}`);
  });
  flush();
  return made;
}

function protocols(status) {
  const rows = status.protocols.map(one => [
    one.name,
    { text: one.phase, style: one.phase === 'up' ? 'good' : 'bad', id: `phase-${one.name}` },
    one.hsm ? 'HSM' : 'file',
    { text: one.reason, style: 'soft' }]);
  return section('Protocols', [table(['', '', 'key in', ''], rows)]);
}

function certificates(status) {
  const rows = status.protocols.flatMap(one => one.certificates.map(certificate => {
    const days = certificate.days_left;
    return [one.name, certificate.alias, certificate.type, certificate.subject,
      { text: days, style: days < 7 ? 'bad' : days < 30 ? 'warn' : 'good' }];
  }));
  return section('Certificates', [table(['', 'alias', 'key', 'subject', 'days left'], rows)], true);
}

function tokens(status) {
  return status.tokens.map(one => {
    const known = one.latency_ms.filter(value => value !== null);
    const last = known.length > 0 ? `${known[known.length - 1].toFixed(2)} ms` : 'no signature yet';
    const span = `time of a signature, last ${Math.round(one.latency_ms.length * status.latency_interval / 60)} minutes`;
    return section(`HSM token ${one.label}`, [
      table(undefined, [
        ['state', { text: one.state, style: one.state === 'up' ? 'good' : 'bad' }],
        ...(one.reason ? [['', { text: one.reason, style: 'soft' }]] : []),
        ['signatures', { text: one.signatures, id: `signatures-${one.label}` }],
        ['failed, refused', `${number.format(one.failures)}, ${number.format(one.refused)}`],
        ['signers (stuck), queue', `${one.signers} (${one.stuck}), ${one.queued}`],
        ['a signature takes', last]]),
      sparkline(one.latency_ms, span),
      element('div', span, 'soft')]);
  });
}

function handshakes(status) {
  const rows = status.handshakes.map(one => [one.protocol, one.full, one.resumed,
    { text: one.failed, style: one.failed > 0 ? 'warn' : '' }]);
  return section('Handshakes', [table(['', 'full', 'resumed', 'failed'], rows)]);
}

function https(status) {
  const http = status.http;
  return section('HTTPS', [table(undefined, [
    ['connections', { text: http.connections, id: 'https-connections' }],
    ...Object.entries(http.requests).filter(([, count]) => count > 0).map(([name, count]) =>
      [`requests, ${name === 'none' ? 'no answer' : name}`, { text: count, id: `requests-${name}`, style: name === '5xx' ? 'bad' : '' }]),
    ['content in, out', `${bytes(http.received)}, ${bytes(http.sent)}`]])]);
}

function ftps(status) {
  const ftp = status.ftp;
  return section('FTPS', [
    table(undefined, [
      ['sessions', { text: ftp.sessions, id: 'ftp-sessions' }],
      ['logins refused', ftp.refused_logins]]),
    table(['transfers', 'complete', 'failed', 'bytes'], ftp.transfers.map(one =>
      [one.kind, { text: one.complete, id: `transfers-${one.kind}` }, one.failed, bytes(one.bytes)]))]);
}

function backends(status) {
  const rows = status.backends.map(one => [one.name,
    { text: one.up ? 'up' : 'down', style: one.up ? 'good' : 'bad' },
    one.active, one.requests, { text: one.failures, style: one.failures > 0 ? 'warn' : '' }, one.retries]);
  return section('Backends', [table(['', '', 'now', 'requests', 'failed', 'retried'], rows)]);
}

// What each session had moved when it was last shown, for the rates.
let moved = { at: 0, bytes: new Map() };

function sessions(status) {
  const now = performance.now();
  const seconds = (now - moved.at) / 1000;
  const bytesNow = new Map();
  const rows = status.sessions.shown.map(one => {
    const total = one.received + one.sent;
    const before = moved.bytes.get(one.id);
    bytesNow.set(one.id, total);
    const rate = before === undefined || total === before ? '' : `${bytes((total - before) / seconds)}/s`;
    return [String(one.id), { text: one.via ? `${one.client} via ${one.via}` : one.client, style: 'lines' },
      one.protocol, { text: one.user, style: 'lines' }, lasting(one.age),
      { text: one.doing || 'idle', style: one.doing ? 'good' : 'soft' },
      bytes(one.received), bytes(one.sent), rate, one.backend, one.units];
  });
  moved = { at: now, bytes: bytesNow };
  const head = ['', 'client', 'protocol', 'user', 'for', 'doing', 'in', 'out', 'rate', 'backend', 'done'];
  const { total, shown, silent_workers: silent } = status.sessions;
  const count = `${number.format(total)} open` + (shown.length < total ? `, ${shown.length} shown` : '') +
    (silent > 0 ? `; ${silent} workers did not answer` : '');
  const made = table(head, rows);
  made.id = 'sessions';
  const told = element('p', count, 'soft');
  told.id = 'session-count';
  return section('Sessions', rows.length > 0 ? [told, made] : [told], true);
}

function service(status) {
  return section('Service', [table(undefined, [
    ['up for', lasting(status.up_for)],
    ['connections', { text: status.connections, id: 'connections' }],
    ...status.refused.filter(one => one.count > 0).map(one =>
      [`refused by limits.${one.limit}`, { text: one.count, style: 'warn' }]),
    ['memory', bytes(status.process.resident_bytes)],
    ['descriptors', `${number.format(status.process.open_fds)} of ${number.format(status.process.max_fds)}`],
    ['reloads', `${status.reloads}, ${status.reloads_failed} failed`],
    ...(status.last_reload ? [['last reload', { text: status.last_reload, style: 'soft' }]] : [])])]);
}

function show(status) {
  document.getElementById('version').textContent = status.version;
  const ready = document.getElementById('ready');
  ready.textContent = status.ready ? 'ready' : `not ready: ${status.not_ready}`;
  ready.className = status.ready ? 'good' : 'bad';
  document.title = `hsmfront: ${status.ready ? 'ready' : 'not ready'}`;
  const parts = [service(status), protocols(status), ...tokens(status), handshakes(status)];
  if (status.protocols.some(one => one.name === 'http')) parts.push(https(status));
  if (status.protocols.some(one => one.name === 'ftp')) parts.push(ftps(status));
  if (status.backends.length > 0) parts.push(backends(status));
  parts.push(sessions(status), certificates(status));
  document.getElementById('main').replaceChildren(...parts);
  document.getElementById('updated').textContent = new Date().toLocaleTimeString();
}

async function update() {
  try {
    const answer = await fetch('status.json', { cache: 'no-store' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    const ready = document.getElementById('ready');
    ready.textContent = `no answer: ${error.message}`;
    ready.className = 'bad';
  }
  setTimeout(update, 2000);
}

update();
