import { measure, prepare, lowerDescriptorLimit } from "./bench/process.ts";
import { cacheAlike } from "./bench/compile.ts";
import { mkdtempSync, writeFileSync, chmodSync } from "node:fs";
const d = mkdtempSync("/tmp/pairs-"); chmodSync(d, 0o755);
const old = cacheAlike("/tmp/wt-freeze-base/dist/sidecar", d + "/old");
const now = cacheAlike("/tmp/wt-freeze/dist/sidecar", d + "/new");
const vars = ["H=/opt/bench","L=27000@license.example","T=4","M=batch","LIB=/opt/bench/lib:/opt/bench/lib64"];
writeFileSync(d+"/a.sh", vars.map(v=>`export ${v}\n`).join(""), {mode:0o644});
writeFileSync(d+"/a.env", vars.map(v=>`${v}\n`).join(""), {mode:0o644});
const env: Record<string,string> = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: d,
 DA__P7__RUNENV__S__ACTIVATE: d+"/a.sh", DA__P7__RUNENV__E__ACTIVATE: d+"/a.env", DA__P7__RUNENV__F__ACTIVATE: d+"/a.sh", DA__P7__RUNENV__F__FROZEN: d+"/F" };
const f = Bun.spawnSync([now, "freeze", "F"], { env });
console.log(f.stdout.toString(), f.stderr.toString());
const b = ["--quiet","--exec","/bin/true"];
const list: [string,string[]][] = [["old plain",[old,...b]],["new plain",[now,...b]],["old env",[old,"--runenv=E,1",...b]],["new env",[now,"--runenv=E,1",...b]],["old sourced",[old,"--runenv=S,1",...b]],["new sourced",[now,"--runenv=S,1",...b]],["new frozen",[now,"--runenv=F,1",...b]]];
lowerDescriptorLimit();
const e = list.map(([n,w])=>({n,p:prepare(w,env),s:[] as number[]}));
const rounds = Number(process.argv[2] ?? 200);
for (let r=0;r<rounds+20;r++){ const o=[...e].sort(()=>Math.random()-.5); for(const x of o){const m=measure(x.p); if(r>=20)x.s.push(m.wall);} }
for (const {n,s} of e){ s.sort((a,b)=>a-b); console.log(n.padEnd(14), s[s.length>>1]!.toFixed(3), s[s.length>>2]!.toFixed(3), s[0]!.toFixed(3)); }
