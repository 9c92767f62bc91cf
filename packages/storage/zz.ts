import { EventEmitter } from 'node:events'
import { pgliteDatabase, postgresDatabase, migrator, openStorage, databaseWakeups, everyStatement } from '@taskflow/storage'
import { uuidV7Ids, judge, DEFAULT_RETRY_POLICY, type NewTask } from '@taskflow/core'
const clock={now:()=>new Date()}
const ids=uuidV7Ids(clock, Math.random)
const url=process.argv[2]
const db = url ? postgresDatabase({url, schema:'tf'}) : await pgliteDatabase({})
if(url){ const {default:pg}=await import('pg'); const c=new pg.Client(url); await c.connect(); await c.query('drop schema if exists tf cascade; create schema tf'); await c.end() }
const m=migrator(db)
console.log(await m.up()); console.log(await m.down(0)); console.log(await m.up()); console.log((await m.status()).length)
const events=new EventEmitter() as any
const s=openStorage({db, events, nextId:()=>ids.next(), retentionMs: 7*864e5})
const w=databaseWakeups(db); const heard:any[]=[]
for (const t of ['ready','due','finished','cancelled'] as const) await w.on(t,d=>heard.push([t,d]))
const nt=(o:Partial<NewTask>={}):NewTask=>({id:ids.next() as any,project:'default',type:'a.b',queue:'default',priority:'normal',payload:'{"x":"it\'s \\"q\\" \\\\ ü"}',runAt:null,delayMs:null,maxAttempts:5,retry:null,timeouts:null,retentionMs:null,labels:null,title:null,description:null,createdBy:'me',...o})
const t1=nt({labels:{a:'b',"c'd":'e"f,{}'},title:'Hello, "W"', timeouts:{startToCloseMs:5}, payload:'null'})
console.log(await s.submitTasks({project:'default',tasks:[t1]}))
console.log(await s.getTask('default',t1.id))
console.log((await s.listTasks({project:'default'},{limit:10},{payload:true,result:true})).length, (await s.listTasks({project:'default',labels:{a:'b'},states:['failed']},{limit:10},{payload:true,result:true})).length)
await s.applyRetention()
const wid=ids.next() as any
await s.registerWorker({id:wid,project:'default',name:'w',host:'h',pid:1,version:'1',labels:{},queues:['default'],types:['a.b'],slots:10},[{type:'a.b',queue:null,maxAttempts:3,retry:null,timeouts:{startToCloseMs:4},inputSchema:null}])
console.log(await s.listTaskTypes('default'))
const [l]=await s.claimTasks({workerId:wid,queues:['default'],types:['a.b','c'],max:5}); console.log(l)
await s.recordProgress([{project:'default',taskId:l!.taskId,leaseId:l!.leaseId,percent:40,message:'x'}])
await s.appendLogs([{project:'default',taskId:l!.taskId,attempt:1,at:new Date(),level:'info',message:'hi',fields:null}])
console.log(await s.settleTask({taskId:l!.taskId,leaseId:l!.leaseId,verdict:{verb:'retry',delayMs:50,error:{name:'E',message:'m',reason:'exhausted'}}}))
console.log(await s.promoteTasks(10)); await new Promise(r=>setTimeout(r,60)); console.log(await s.promoteTasks(10))
const [l2]=await s.claimTasks({workerId:wid,queues:['default'],types:['a.b','c'],max:5})
console.log(await s.cancelTask(t1.id,{project:'default',actor:'me'},'why').then(t=>t.state), await s.heartbeatWorker(wid,{running:1,loopLagMs:1,sinceFetchMs:1,state:'active',settled:[{queue:'default',succeeded:1,failed:0,cancelled:0}]}))
console.log(await s.settleTask({taskId:l2!.taskId,leaseId:l2!.leaseId,verdict:{verb:'release'}}), await s.settleTask({taskId:l2!.taskId,leaseId:l2!.leaseId,verdict:{verb:'release'}}))
console.log((await s.getTask('default',t1.id)).state, (await s.redriveTask(t1.id,{project:'default',actor:'me'},'{"n":1}')).state)
console.log((await s.editTask(t1.id,{priority:'high',runAt:new Date(Date.now()+1e6)},{project:'default',actor:'me'})).state)
console.log(await s.listEvents('default',t1.id), await s.listAttempts('default',t1.id), await s.listLogs('default',t1.id,{limit:10}))
await s.countQueues(); console.log(await s.listQueues('default',{limit:10})); console.log(await s.listWorkers('default',{limit:10}))
console.log(await s.expireTasks(10), await s.listSilentWorkers(0), await s.listOrphanedLeases(5))
const once={project:'default',idempotency:{key:'k',requestHash:'h'}}
console.log((await Promise.all([s.submitTasks({...once,tasks:[nt()]}),s.submitTasks({...once,tasks:[nt()]}),s.submitTasks({project:'default',idempotency:{key:'k2',requestHash:'h'},tasks:[nt(),nt()]})])).map(x=>[x.ids.length,x.replayed]))
console.log((await s.submitTasks({...once,tasks:[nt()]})).replayed, await s.submitTasks({project:'default',idempotency:{key:'k',requestHash:'z'},tasks:[nt()]}).catch(e=>e.code))
console.log(await s.createApiKey({id:ids.next(),project:'default',name:'n',role:'admin',hash:'x',expiresAt:null}), await s.findPrincipal('x'))
console.log(heard)
// rates
const N=20000
let t=performance.now(); for(let i=0;i<N;i+=1000) await s.submitTasks({project:'default',tasks:Array.from({length:1000},()=>nt())}); console.log('bulk', Math.round(N/(performance.now()-t)*1000))
t=performance.now(); await Promise.all(Array.from({length:50},async()=>{for(let i=0;i<100;i++) await s.submitTasks({project:'default',tasks:[nt()]})})); console.log('single 50', Math.round(5000/(performance.now()-t)*1000))
t=performance.now(); await Promise.all(Array.from({length:50},async(_, k)=>{for(let i=0;i<100;i++) await s.submitTasks({project:'default',idempotency:{key:`${k}-${i}`,requestHash:'h'},tasks:[nt()]})})); console.log('single once 50', Math.round(5000/(performance.now()-t)*1000))
let n=0; let tc=0, ts=0; for(;;){ let a=performance.now(); const ls=await s.claimTasks({workerId:wid,queues:['default'],types:['a.b'],max:500}); tc+=performance.now()-a; if(!ls.length)break; n+=ls.length; a=performance.now(); await Promise.all(ls.map(l=>s.settleTask({taskId:l.taskId,leaseId:l.leaseId,verdict:{verb:'complete',result:'{"ok":true}'}}))); ts+=performance.now()-a }
console.log('claim/s',Math.round(n/tc*1000),'settle/s',Math.round(n/ts*1000), n)
t=performance.now(); for(let i=0;i<20;i++) await s.listTasks({project:'default'},{limit:50},{payload:false,result:false}); console.log('list ms',(performance.now()-t)/20)
t=performance.now(); for(let i=0;i<50;i++) await s.getTask('default',t1.id); console.log('get ms',(performance.now()-t)/50)
await db.close()
