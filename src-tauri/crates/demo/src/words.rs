//! Words to make names, places, departments and items of. All persons are generated.

use std::sync::LazyLock;

use crate::numbers::{mix, pick};

const SURNAMES: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
    "何", "郭", "马", "罗", "欧阳", "梁", "宋", "郑",
];
const GIVEN: [&str; 24] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "霞", "平", "刚", "桂英", "建国", "晓东", "雪梅",
];
const DEPARTMENTS: [&str; 12] = [
    "市场监督管理局",
    "公安局",
    "人力资源和社会保障局",
    "住房和城乡建设局",
    "卫生健康委员会",
    "自然资源局",
    "教育局",
    "民政局",
    "交通运输局",
    "农业农村局",
    "生态环境局",
    "文化广电和旅游局",
];
const SUBJECTS: [&str; 20] = [
    "食品经营许可",
    "道路运输经营许可",
    "取水许可",
    "医疗机构执业登记",
    "公共场所卫生许可",
    "民办学校设立",
    "建设工程施工许可",
    "不动产登记",
    "社会团体成立登记",
    "农药经营许可",
    "排污许可",
    "营业性演出审批",
    "护士执业注册",
    "户口迁移审批",
    "养老机构备案",
    "特种设备使用登记",
    "动物防疫条件审核",
    "城镇污水排入排水管网许可",
    "旅行社设立许可",
    "药品经营许可",
];
const ACTIONS: [&str; 6] = ["新办", "变更", "延续", "补证", "注销", "换发"];
const STREETS: [&str; 8] = [
    "中山路",
    "建设街",
    "和平路",
    "光明街",
    "友谊路",
    "红旗大街",
    "新华街",
    "文昌街",
];
const COMPANIES: [&str; 8] = [
    "恒远", "北方", "龙江", "盛达", "瑞丰", "金禾", "天宇", "佳禾",
];
const TRADES: [&str; 6] = [
    "商贸有限公司",
    "建筑工程有限公司",
    "农业科技有限公司",
    "餐饮管理有限公司",
    "物流有限公司",
    "信息技术有限公司",
];

/// A county-level region in force.
#[derive(Debug, Clone, Copy)]
pub struct County {
    /// Six digits.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
}

static LINES: LazyLock<Vec<(&'static str, &'static str, bool)>> = LazyLock::new(|| {
    include_str!("../../domain/data/regions.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut parts = line.split('\t');
            Some((parts.next()?, parts.next()?, parts.next()? == "current"))
        })
        .collect()
});

static COUNTIES: LazyLock<Vec<County>> = LazyLock::new(|| {
    LINES
        .iter()
        .filter(|(code, _, current)| *current && code.starts_with("23") && !code.ends_with("00"))
        .map(|(code, name, _)| County { code, name })
        .collect()
});

static ABOLISHED: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    LINES
        .iter()
        .filter(|(code, _, current)| !current && code.starts_with("23"))
        .map(|line| line.0)
        .collect()
});

/// A county of Heilongjiang.
pub fn county(hash: u64) -> County {
    pick(&COUNTIES, hash)
}

/// A code of Heilongjiang that is no longer in force.
pub fn abolished(hash: u64) -> &'static str {
    pick(&ABOLISHED, hash)
}

/// A person's name.
pub fn person(hash: u64) -> String {
    format!("{}{}", pick(&SURNAMES, hash), pick(&GIVEN, hash >> 20))
}

/// A company's name.
pub fn company(hash: u64) -> String {
    format!(
        "{}{}{}",
        county(hash).name,
        pick(&COMPANIES, hash >> 12),
        pick(&TRADES, hash >> 24)
    )
}

/// A department's name.
pub fn department(county: County, hash: u64) -> String {
    format!("{}{}", county.name, pick(&DEPARTMENTS, hash))
}

/// An item's name.
pub fn item(hash: u64) -> String {
    format!("{}({})", pick(&SUBJECTS, hash), pick(&ACTIONS, hash >> 16))
}

/// A postal address.
pub fn address(county: County, hash: u64) -> String {
    format!(
        "黑龙江省{}{}{}号",
        county.name,
        pick(&STREETS, hash),
        hash % 300 + 1
    )
}

/// A mobile number of a block that is not given out.
pub fn mobile(hash: u64) -> String {
    format!("199{:08}", mix(hash, &[7]) % 100_000_000)
}
