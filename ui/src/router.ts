/** Which screen an address shows. */
import { createRouter, createWebHashHistory } from 'vue-router'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', name: 'overview', component: () => import('./screens/overview/Overview.vue') },
    { path: '/connections', name: 'connections', component: () => import('./screens/connections/List.vue') },
    { path: '/connections/new', name: 'new', component: () => import('./screens/connections/Edit.vue') },
    { path: '/expiries', name: 'expiries', component: () => import('./screens/connections/Expiries.vue') },
    { path: '/connections/:id', name: 'edit', component: () => import('./screens/connections/Edit.vue') },
    { path: '/sync', name: 'sync', component: () => import('./screens/sync/Sync.vue') },
    { path: '/sync/runs/:id', name: 'run', component: () => import('./screens/sync/Run.vue') },
    { path: '/sync/dry/:id', name: 'dry-run', component: () => import('./screens/sync/DryRun.vue') },
    { path: '/rejected', name: 'rejected', component: () => import('./screens/rejected/Rejected.vue') },
    { path: '/reports', name: 'reports', component: () => import('./screens/reports/Reports.vue') },
    { path: '/records', name: 'records', component: () => import('./screens/records/Records.vue') },
    { path: '/quality', name: 'quality', component: () => import('./screens/quality/Quality.vue') },
    { path: '/identity', name: 'identity', component: () => import('./screens/identity/Identity.vue') },
    { path: '/audit', name: 'audit', component: () => import('./screens/audit/Audit.vue') },
    { path: '/settings', name: 'settings', component: () => import('./screens/settings/Settings.vue') },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})
