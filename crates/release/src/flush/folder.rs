//! Changes of an app's folder that need no artifact: a rollback puts an earlier folder back by its id, a deletion removes
//! it. Either is one commit, and may touch nothing but the app's folder and the environment's release record.

use domain::{AppName, DeleteRequest, EnvName, RequestId, RollbackRequest};
use domain::{delete_message, rollback_message};
use gitwire::{Replacement, TreeId};

use super::batch::{Batch, Failure, RECORD, Written};
use super::facts::Facts;
use crate::render::Renderer;

impl<R: Renderer> Batch<'_, R> {
    /// Puts back the folder of an earlier release. The objects are at the server, so the commit only names them.
    pub(super) fn roll_back(
        &mut self,
        id: &RequestId,
        rollback: &RollbackRequest,
        facts: &Facts,
    ) -> Result<Option<Written>, Failure> {
        let tree = self.target(rollback, facts)?;
        let (env, app) = (&rollback.env, &rollback.app);
        if self.folder(env, app)? == Some(tree) {
            return Ok(None);
        }
        // The environment's record is the one of the release that stands now, as after a release.
        let record = self.objects.file(tree, &[RECORD.as_bytes()])?;
        let mut changes = vec![(app.as_str().as_bytes(), Replacement::Directory(Some(tree)))];
        if record.is_some() {
            changes.push((RECORD.as_bytes(), Replacement::File(record)));
        }
        let root = self.edit_env(env, &changes)?;
        let tip = self.tip.map(|tip| tip.to_string().parse());
        let tip = match tip {
            Some(Ok(tip)) => tip,
            // A release that can be gone back to is a commit below the tip.
            _ => rollback.target.clone(),
        };
        self.commit_on_top(root, rollback_message(id, rollback, &tip), Some(tree))
            .map(Some)
    }

    /// The folder to put back, checked again: the door saw the database at another time.
    fn target(&self, rollback: &RollbackRequest, facts: &Facts) -> Result<TreeId, Failure> {
        let refused = |reason: String| Err(Failure::Refused(reason));
        let (env, app, commit) = (&rollback.env, &rollback.app, &rollback.target);
        let target = facts.targets.get(commit.as_str());
        let Some(target) =
            target.filter(|target| target.env == env.as_str() && target.app == app.as_str())
        else {
            return refused(format!("{commit} is not a release of {env}/{app}"));
        };
        let repository = self.repository_name();
        if target.gitops_repo != repository {
            return refused(format!(
                "{commit} is in {}, but {env} is written to {repository} now: release its artifact {} instead",
                target.gitops_repo, rollback.artifact_id
            ));
        }
        let Some(tree) = target.tree else {
            return refused(format!(
                "the folder of {commit} was not noted when it was released: release its artifact {} instead",
                rollback.artifact_id
            ));
        };
        if !self.objects.contains(tree.object()) {
            return Err(Failure::Passing(format!(
                "the Git host does not give the folder of {commit} (tree {tree}); if the branch was rewritten, release artifact {} instead",
                rollback.artifact_id
            )));
        }
        Ok(tree)
    }

    /// Removes an app's folder, and the environment's release record where it is this app's.
    pub(super) fn delete(
        &mut self,
        id: &RequestId,
        delete: &DeleteRequest,
    ) -> Result<Option<Written>, Failure> {
        let (env, app) = (&delete.env, &delete.app);
        let Some(folder) = self.folder(env, app)? else {
            return Ok(None);
        };
        let own = self.objects.file(folder, &[RECORD.as_bytes()])?;
        let last = self.objects.file(
            self.root,
            &[&self.env_path(env)[..], &[RECORD.as_bytes()]].concat(),
        )?;
        let mut changes = vec![(app.as_str().as_bytes(), Replacement::Directory(None))];
        if own.is_some() && own == last {
            changes.push((RECORD.as_bytes(), Replacement::File(None)));
        }
        let root = self.edit_env(env, &changes)?;
        self.commit_on_top(root, delete_message(id, delete), None)
            .map(Some)
    }

    /// The app's folder as it is now.
    fn folder(&self, env: &EnvName, app: &AppName) -> Result<Option<TreeId>, Failure> {
        let path = [&self.env_path(env)[..], &[app.as_str().as_bytes()]].concat();
        Ok(self.objects.subtree(self.root, &path)?)
    }

    fn edit_env(
        &mut self,
        env: &EnvName,
        changes: &[(&[u8], Replacement)],
    ) -> Result<TreeId, Failure> {
        let place = self.env_path(env);
        Ok(self.objects.edit(self.root, &place, changes)?)
    }
}
