//! Fix recipes: the mending steps of a connection as a readable file, for other connections.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::MendStep;

use super::{SharedSource, StepReport};

/// Takes the mending steps of a connection out of what it differs by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ExtractRecipe {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// What the recipe is called.
    pub name: String,
    /// The preset to compare with.
    pub preset: Option<String>,
    /// The earlier version to compare with; the first one that is kept where neither is given.
    #[ts(type = "number | null")]
    pub version: Option<i64>,
    /// Where to write the file; absent only gives the text.
    pub path: Option<String>,
}

/// A recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Recipe {
    /// The form of the file.
    pub format: u32,
    /// What it is called.
    pub name: String,
    /// The connection that it was taken from.
    #[serde(default)]
    pub taken_from: String,
    /// What that was compared with.
    #[serde(default)]
    pub compared_with: String,
    /// When, in UTC+8.
    #[serde(default)]
    pub taken_at: String,
    /// The steps.
    #[serde(default, rename = "step")]
    #[ts(rename = "step")]
    pub steps: Vec<MendStep>,
}

/// A recipe that was taken, as text.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecipeFile {
    /// TOML text.
    pub text: String,
    /// What it says.
    pub recipe: Recipe,
    /// Steps that were left out because they hold personal values.
    pub left_out: u32,
}

/// Where a step's field comes from on this connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Repoint {
    /// Which step, from 0.
    pub step: u32,
    /// The value in the provider's rows.
    pub source: String,
}

/// Applies a recipe to a connection, or only says how its steps stand.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ApplyRecipe {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The file.
    pub file: SharedSource,
    /// Fields that come from elsewhere here.
    pub repoint: Vec<Repoint>,
    /// Steps that are not done, from 0.
    pub without: Vec<u32>,
}

/// How a recipe stands to a connection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecipePlan {
    /// The recipe, with its fields pointed anew.
    pub recipe: Recipe,
    /// How each step stands, in order.
    pub steps: Vec<StepReport>,
}
